"""The file names of wheels and the names of their dist-info folders, in their parts (PEP 427)."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import canonicalize_name

_SUFFIX = ".whl"
_DIST_INFO = ".dist-info"


@dataclass(frozen=True)
class WheelName:
    """The parts of a file name, as written; only the distribution's name may hold a dash, as old tools wrote it.

    :param build: the build tag; empty if it has none.
    """

    distribution: str
    version: str
    build: str
    python: str
    abi: str
    platform: str

    @classmethod
    def parse(cls, text: str) -> WheelName:
        """:raises ValueError: for a name that is not a wheel's."""
        parts = text[: -len(_SUFFIX)].split("-") if text.endswith(_SUFFIX) else []
        if len(parts) < 5 or not all(parts):
            raise ValueError(f"{text!r} is not the file name of a wheel")
        *named, python, abi, platform = parts
        build = named.pop() if len(named) > 2 and named[-1][0].isdigit() and named[-2][0].isdigit() else ""
        return cls(
            distribution="-".join(named[:-1]), version=named[-1], build=build, python=python, abi=abi, platform=platform
        )

    @property
    def project(self) -> str:
        """The distribution's normalized name."""
        return canonicalize_name(self.distribution)

    @property
    def platforms(self) -> tuple[str, ...]:
        """The tags of a compressed set."""
        return tuple(self.platform.split("."))

    @property
    def is_pure(self) -> bool:
        """Whether it is for all platforms."""
        return self.platforms == ("any",)


def distribution_of(file_name: str) -> str:
    """The distribution that a wheel of ours is of, as its file name has it: without a dash."""
    return file_name.partition("-")[0]


def project_of_dist_info(folder: str) -> str:
    """The normalized name of the distribution that a folder such as `numpy-2.3.5.dist-info` belongs to."""
    return canonicalize_name(folder[: -len(_DIST_INFO)].rpartition("-")[0])
