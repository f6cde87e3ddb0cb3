"""The file names of wheels, their tags, and the names of dist-info folders, in their parts (PEP 425, PEP 427)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from spokeshave_core.problems import Problem, SpokeshaveError

UNSTAMPED = "0+unstamped"
"""The version that everything has until the stamp."""
DIST_INFO = ".dist-info"
"""What the name of a folder of metadata ends with."""
WHEEL_SUFFIX = ".whl"
"""What the name of a wheel ends with."""
SDIST_SUFFIX = ".tar.gz"
"""What the name of an sdist ends with (PEP 625)."""

_TAG_PART = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*", re.ASCII)
_BEGINS_LIKE_VERSION = re.compile(r"[vV]?[0-9]")
_SEPARATORS = re.compile(r"[-_.]+")


class InvalidWheelNameError(SpokeshaveError):
    """A text that is not the file name or the tag of a wheel."""


@dataclass(frozen=True)
class WheelTag:
    """A tag such as `cp312-abi3-manylinux_2_17_x86_64`; each part may hold several values joined by dots."""

    python: str
    abi: str
    platform: str

    @classmethod
    def parse(cls, text: str) -> WheelTag:
        """The tag that `python-abi-platform` names; raises `InvalidWheelNameError` for anything else."""
        parts = text.split("-")
        if len(parts) != 3 or not all(_TAG_PART.fullmatch(part) for part in parts):
            remedy = "Write it as python-abi-platform in lower case, for example cp312-abi3-linux_x86_64."
            raise InvalidWheelNameError(Problem(f"tag {text}", "is not a wheel tag", remedy))
        return cls(*parts)

    @property
    def platforms(self) -> tuple[str, ...]:
        """The single platform tags."""
        return tuple(self.platform.split("."))

    def __str__(self) -> str:
        return f"{self.python}-{self.abi}-{self.platform}"

    def expand(self) -> list[str]:
        """Return each single tag that the triple stands for, sorted."""
        parts = (self.python.split("."), self.abi.split("."), self.platforms)
        return sorted("-".join(single) for single in product(*map(set, parts)))


@dataclass(frozen=True)
class WheelName:
    """The parts of a wheel's file name, as written.

    Attributes:
        name: The distribution, with underscores in place of dashes; only old tools wrote dashes.
        build: The build tag; empty if it has none.
    """

    name: str
    version: str
    tag: WheelTag
    build: str = ""

    @classmethod
    def parse(cls, file_name: str) -> WheelName:
        """The parts of a file name; raises `InvalidWheelNameError` if it is not a wheel's."""
        parts = file_name[: -len(WHEEL_SUFFIX)].split("-") if file_name.endswith(WHEEL_SUFFIX) else []
        if len(parts) < 5 or not all(parts):
            raise not_a_wheel_name(file_name)
        *named, python, abi, platform = parts
        has_build = len(named) > 2 and named[-1][0].isdigit() and _BEGINS_LIKE_VERSION.match(named[-2])
        build = named.pop() if has_build else ""
        tag = WheelTag.parse(f"{python}-{abi}-{platform}")
        return cls(name="-".join(named[:-1]), version=named[-1], tag=tag, build=build)

    def __str__(self) -> str:
        build = f"-{self.build}" if self.build else ""
        return f"{self.name}-{self.version}{build}-{self.tag}{WHEEL_SUFFIX}"

    @property
    def project(self) -> str:
        """Return the distribution's normalized name."""
        return normalize_name(self.name)

    @property
    def is_pure(self) -> bool:
        """Return whether the wheel is for all platforms."""
        return self.tag.platforms == ("any",)

    @property
    def dist_info(self) -> str:
        """Return the directory of the metadata."""
        return f"{self.name}-{self.version}{DIST_INFO}"

    @property
    def data(self) -> str:
        """Return the directory whose subdirectories are installed by scheme."""
        return f"{self.name}-{self.version}.data"


def not_a_wheel_name(file_name: str) -> InvalidWheelNameError:
    """The error of a file name that is not a wheel's."""
    remedy = "Name it name-version-python-abi-platform.whl, as the wheel specification says."
    return InvalidWheelNameError(Problem(file_name, "is not the file name of a wheel", remedy))


def normalize_name(name: str) -> str:
    """The name of a project as indexes compare it (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def file_name_part(name: str) -> str:
    """Return a distribution's name in the form of file names."""
    return normalize_name(name).replace("-", "_")


def distribution_of(file_name: str) -> str:
    """Return the distribution of a wheel built here, as in its file name: without a dash."""
    return file_name.partition("-")[0]


def split_dist_info(folder: str) -> tuple[str, str]:
    """Return the name and the version in a dist-info directory's name. Old tools wrote names with a dash."""
    name, _, version = folder[: -len(DIST_INFO)].rpartition("-")
    return name, version


def project_of_dist_info(folder: str) -> str:
    """Return the normalized name of the distribution of a directory such as `numpy-2.3.5.dist-info`."""
    return normalize_name(split_dist_info(folder)[0])
