"""The file names of wheels and of their dist-info folders, in their parts."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from spokeshave.errors import InvalidWheelError, Problem
from spokeshave.tags.wheel_tag import WheelTag

UNSTAMPED = "0+unstamped"
"""The version that everything carries until the stamp."""

DIST_INFO = ".dist-info"


@dataclass(frozen=True)
class WheelName:
    """A wheel's file name, in its parts as written; ``name`` has underscores in place of dashes."""

    name: str
    version: str
    tag: WheelTag
    build: str = ""

    @classmethod
    def parse(cls, file_name: str) -> WheelName:
        """Read a file name; raises InvalidWheelError when it is not a wheel's."""
        remedy = "Name it name-version-python-abi-platform.whl, as the wheel specification says."
        problem = Problem(file_name, "is not the file name of a wheel", remedy)
        try:
            parse_wheel_filename(file_name)
        except InvalidWheelFilename as err:
            raise InvalidWheelError(problem) from err
        if file_name.startswith("-"):
            # `packaging` takes an empty name.
            raise InvalidWheelError(problem)
        name, version, *build, python, abi, platform = file_name[: -len(".whl")].split("-")
        return cls(name=name, version=version, tag=WheelTag.parse(f"{python}-{abi}-{platform}"), build="".join(build))

    def __str__(self) -> str:
        build = f"-{self.build}" if self.build else ""
        return f"{self.name}-{self.version}{build}-{self.tag}.whl"

    def belongs_to(self, name: str, version: str) -> bool:
        """Whether the wheel is of a project and a version, however they are spelled."""
        same_version = version == self.version or (is_version(version) and Version(version) == Version(self.version))
        return same_version and canonicalize_name(name) == canonicalize_name(self.name)

    @property
    def dist_info(self) -> str:
        """The folder of the metadata."""
        return f"{self.name}-{self.version}.dist-info"

    @property
    def data(self) -> str:
        """The folder whose subfolders are installed by scheme."""
        return f"{self.name}-{self.version}.data"


def is_version(text: str) -> bool:
    """Whether a text is a PEP 440 version."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def split_dist_info(folder: str) -> tuple[str, str]:
    """The name and the version of a dist-info folder, as written; a name may hold a dash, as old tools wrote it."""
    name, _, version = folder[: -len(DIST_INFO)].rpartition("-")
    return name, version
