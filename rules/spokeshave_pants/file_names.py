"""Parsing of the file names of wheels and the names of their dist-info directories (PEP 427)."""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import canonicalize_name

_SUFFIX = ".whl"
_DIST_INFO = ".dist-info"


@dataclass(frozen=True)
class WheelName:
    """The parts of a file name, as written. Only the distribution's name may contain a dash, as old tools wrote it.

    Attributes:
        build: The build tag. Empty if there is none.
    """

    distribution: str
    version: str
    build: str
    python: str
    abi: str
    platform: str

    @classmethod
    def parse(cls, text: str) -> WheelName:
        """Parse a file name.

        Raises:
            ValueError: If it is not the name of a wheel.
        """
        parts = text[: -len(_SUFFIX)].split("-") if text.endswith(_SUFFIX) else []
        if len(parts) < 5 or not all(parts):
            raise ValueError(f"{text!r} is not the file name of a wheel")
        *named, python, abi, platform = parts
        build = named.pop() if len(named) > 2 and named[-1][0].isdigit() and named[-2][0].isdigit() else ""
        return cls("-".join(named[:-1]), named[-1], build, python, abi, platform)

    @property
    def project(self) -> str:
        """Return the distribution's normalized name."""
        return canonicalize_name(self.distribution)

    @property
    def platforms(self) -> tuple[str, ...]:
        """Return the tags of a compressed set."""
        return tuple(self.platform.split("."))

    @property
    def is_pure(self) -> bool:
        """Return whether the wheel is for all platforms."""
        return self.platforms == ("any",)


def distribution_of(file_name: str) -> str:
    """Return the distribution of a wheel built here, as in its file name: without a dash."""
    return file_name.partition("-")[0]


def project_of_dist_info(folder: str) -> str:
    """Return the normalized name of the distribution of a directory such as `numpy-2.3.5.dist-info`."""
    return canonicalize_name(folder[: -len(_DIST_INFO)].rpartition("-")[0])
