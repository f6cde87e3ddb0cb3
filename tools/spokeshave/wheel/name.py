"""Parsing of the file names of wheels and the names of their dist-info directories."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from spokeshave.errors import InvalidWheelError, Problem
from spokeshave.tags.wheel_tag import WheelTag

UNSTAMPED = "0+unstamped"
"""The version of all files before the stamp."""

DIST_INFO = ".dist-info"


@dataclass(frozen=True)
class WheelName:
    """The parts of a wheel's file name, as written. `name` has underscores instead of dashes."""

    name: str
    version: str
    tag: WheelTag
    build: str = ""

    @classmethod
    def parse(cls, file_name: str) -> WheelName:
        """Parse a file name.

        Raises:
            InvalidWheelError: If it is not the name of a wheel.
        """
        remedy = "Name it name-version-python-abi-platform.whl, as the wheel specification says."
        problem = Problem(file_name, "is not the file name of a wheel", remedy)
        try:
            parse_wheel_filename(file_name)
        except InvalidWheelFilename as err:
            raise InvalidWheelError(problem) from err
        if file_name.startswith("-"):
            # `packaging` accepts an empty name.
            raise InvalidWheelError(problem)
        name, version, *build, python, abi, platform = file_name[: -len(".whl")].split("-")
        return cls(name, version, WheelTag.parse(f"{python}-{abi}-{platform}"), "".join(build))

    def __str__(self) -> str:
        build = f"-{self.build}" if self.build else ""
        return f"{self.name}-{self.version}{build}-{self.tag}.whl"

    def belongs_to(self, name: str, version: str) -> bool:
        """Return whether the wheel is of a project and a version, however they are spelled."""
        same_version = version == self.version or (is_version(version) and Version(version) == Version(self.version))
        return same_version and canonicalize_name(name) == canonicalize_name(self.name)

    @property
    def dist_info(self) -> str:
        """Return the directory of the metadata."""
        return f"{self.name}-{self.version}.dist-info"

    @property
    def data(self) -> str:
        """Return the directory whose subdirectories are installed by scheme."""
        return f"{self.name}-{self.version}.data"


def is_version(text: str) -> bool:
    """Return whether a text is a PEP 440 version."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def split_dist_info(folder: str) -> tuple[str, str]:
    """Return the name and the version in a dist-info directory's name. Old tools wrote names with a dash."""
    name, _, version = folder[: -len(DIST_INFO)].rpartition("-")
    return name, version


def file_name_part(name: str) -> str:
    """Return a distribution's name in the form of file names."""
    return canonicalize_name(name).replace("-", "_")
