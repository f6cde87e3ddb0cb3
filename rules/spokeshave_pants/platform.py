"""Wheel platform tags as the name of a platform, parsed once at the edge.

Sources: PEP 425 (tags), PEP 600 (manylinux), PEP 656 (musllinux).
"""

from __future__ import annotations

import os
import platform as host_platform
import re
from dataclasses import dataclass
from enum import Enum

from spokeshave_pants.errors import InvalidPlatformError

HOST = "host"

_NUMBER = r"(?:0|[1-9][0-9]*)"
_MANYLINUX = re.compile(rf"manylinux_(?P<major>{_NUMBER})_(?P<minor>{_NUMBER})_(?P<arch>[a-z0-9_]+)")
# PEP 600, "Legacy manylinux tags".
_LEGACY_FLOORS = {"manylinux2014": (2, 17), "manylinux2010": (2, 12), "manylinux1": (2, 5)}
# The first glibc of each architecture that a manylinux policy exists for.
_GLIBC_ARCHITECTURES = {"x86_64": (2, 17)}


class Libc(Enum):
    """The C library that a platform's wheels link to."""

    GLIBC = "glibc"


@dataclass(frozen=True)
class Platform:
    """What a wheel platform tag says: libc, its lowest version, and the architecture."""

    libc: Libc
    floor: tuple[int, int]
    architecture: str

    @property
    def tag(self) -> str:
        """The canonical wheel platform tag (PEP 600), `manylinux_2_17_x86_64`."""
        return f"manylinux_{self.floor[0]}_{self.floor[1]}_{self.architecture}"

    @property
    def zig_target(self) -> str:
        """The `-target` that zig's clang takes; the glibc version is its last part."""
        return f"{self.architecture}-linux-gnu.{self.floor[0]}.{self.floor[1]}"

    @property
    def multiarch(self) -> str:
        """The Debian multiarch tuple that CPython's extension suffix carries on Linux."""
        return f"{self.architecture}-linux-gnu"

    def __str__(self) -> str:
        return self.tag

    @classmethod
    def parse(cls, tag: str, *, where: str) -> Platform:
        """The platform of a tag, or of `host`.

        :param where: what the tag was written in, for the message, such as "the target //a:b".
        :raises InvalidPlatformError: for a tag that is none, or that cannot be built for yet.
        """
        if tag == HOST:
            return host()
        expanded = _expand_legacy(tag)
        match = _MANYLINUX.fullmatch(expanded)
        if match is None or match["arch"] not in _GLIBC_ARCHITECTURES:
            raise InvalidPlatformError(
                f"{where} lists the platform {tag!r}, which is not a platform tag that this version builds for. "
                f"Use `manylinux_X_Y_ARCH` (PEP 600) with ARCH one of {', '.join(sorted(_GLIBC_ARCHITECTURES))}, "
                "such as `manylinux_2_17_x86_64`, or `host`."
            )
        floor = (int(match["major"]), int(match["minor"]))
        lowest = _GLIBC_ARCHITECTURES[match["arch"]]
        if floor < lowest:
            raise InvalidPlatformError(
                f"{where} lists the platform {tag!r}, but the toolchain's oldest glibc for {match['arch']} is "
                f"{lowest[0]}.{lowest[1]}. Use `manylinux_{lowest[0]}_{lowest[1]}_{match['arch']}` or a newer one."
            )
        return cls(libc=Libc.GLIBC, floor=floor, architecture=match["arch"])


def host() -> Platform:
    """The newest manylinux platform whose wheels this machine runs.

    :raises InvalidPlatformError: where the machine is not glibc Linux of a known architecture.
    """
    architecture = host_platform.machine()
    version = _host_glibc()
    if version is None or architecture not in _GLIBC_ARCHITECTURES:
        raise InvalidPlatformError(
            f"`host` stands for this machine's own platform, but {host_platform.system()} on {architecture} is not "
            "one that wheels can be built for yet. Name a platform instead, such as `manylinux_2_17_x86_64`."
        )
    return Platform(libc=Libc.GLIBC, floor=version, architecture=architecture)


def _host_glibc() -> tuple[int, int] | None:
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return None
    match = re.fullmatch(r"glibc (\d+)\.(\d+).*", text)
    return (int(match[1]), int(match[2])) if match else None


def _expand_legacy(tag: str) -> str:
    name, _, architecture = tag.partition("_")
    floor = _LEGACY_FLOORS.get(name)
    return tag if floor is None else f"manylinux_{floor[0]}_{floor[1]}_{architecture}"
