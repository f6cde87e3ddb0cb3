"""Platforms, named by wheel platform tags and parsed once at the boundary.

Sources: PEP 425 (tags), PEP 600 (manylinux), PEP 656 (musllinux), PyPA's "Platform compatibility tags" for macOS and
Windows.
"""

from __future__ import annotations

import fnmatch
import os
import platform as host_platform
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from spokeshave_pants.errors import InvalidPlatformError

HOST = "host"
# A macOS binary that holds the code of several processors.
UNIVERSAL = "universal2"

_NUMBER = r"(?:0|[1-9][0-9]*)"
_FLOOR_TAG = re.compile(rf"(?P<family>[a-z]+)_(?P<major>{_NUMBER})_(?P<minor>{_NUMBER})_(?P<arch>[a-z0-9_]+)")
# PEP 600, "Legacy manylinux tags".
_LEGACY_FLOORS = {"manylinux2014": (2, 17), "manylinux2010": (2, 12), "manylinux1": (2, 5)}


class System(Enum):
    """The system that loads a wheel's native code: the operating system, and on Linux its C library."""

    GLIBC = "glibc"
    MUSL = "musl"
    MACOS = "macOS"
    WINDOWS = "Windows"


class ObjectFormat(Enum):
    """The format of objects and shared libraries."""

    ELF = "ELF"
    MACHO = "Mach-O"
    PE = "PE"


_FAMILIES = {System.GLIBC: "manylinux", System.MUSL: "musllinux", System.MACOS: "macosx"}
_SYSTEMS = {family: system for system, family in _FAMILIES.items()}
# The lowest version that the toolchain links for: the first glibc or macOS of an architecture, or zig's minimum.
_FLOORS = {
    System.GLIBC: {
        "aarch64": (2, 17),
        "armv7l": (2, 17),
        "ppc64le": (2, 17),
        "riscv64": (2, 31),
        "s390x": (2, 17),
        "x86_64": (2, 17),
    },
    # zig contains only musl 1.2. PEP 656 has no floor between 1.2 and the version after it.
    System.MUSL: dict.fromkeys(("aarch64", "armv7l", "ppc64le", "riscv64", "s390x", "x86_64"), (1, 2)),
    System.MACOS: {"arm64": (11, 0), "x86_64": (10, 13), UNIVERSAL: (10, 13)},
}
# The newest glibc with a known manylinux policy, by which the repair can judge a wheel.
_NEWEST_GLIBC = (2, 39)
_WINDOWS_ARCHITECTURES = ("amd64", "arm64")
# The processor's name in the toolchain's targets, if it differs from the tag's.
_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64", "armv7l": "arm", "ppc64le": "powerpc64le"}
# glibc supports ELFv2 since 2.19, but its symbols have the version 2.17, so that the wheel matches that tag.
_OLDEST_LINKED_GLIBC = {"ppc64le": (2, 19)}
# macOS' version numbers skip from 10.15 to 11, and from 15 to 26.
_LAST_TEN, _NEVER_RELEASED = (10, 15), range(16, 26)
_EXAMPLES = "`manylinux_2_17_x86_64`, `musllinux_1_2_aarch64`, `macosx_11_0_arm64` or `win_amd64`"


@dataclass(frozen=True)
class Platform:
    """A wheel platform tag: the system, the architecture, and the lowest version of the system's library.

    The floor is the version of glibc, musl or macOS. A Windows tag has none.
    """

    system: System
    architecture: str
    floor: tuple[int, int] | None = None

    @property
    def tag(self) -> str:
        """Return the canonical wheel platform tag, such as `manylinux_2_17_x86_64` or `win_amd64`."""
        if self.floor is None:
            return f"win_{self.architecture}"
        return f"{_FAMILIES[self.system]}_{self.floor[0]}_{self.floor[1]}_{self.architecture}"

    @property
    def any_floor(self) -> str:
        """Return the glob of the tags of this system and architecture, such as `manylinux_*_x86_64`."""
        family = _FAMILIES.get(self.system)
        return f"{family}_*_{self.architecture}" if family else self.tag

    @property
    def processor(self) -> str:
        """Return the toolchain's name of the processor, such as `x86_64` or `powerpc64le`."""
        return _PROCESSORS.get(self.architecture, self.architecture)

    @property
    def object_format(self) -> ObjectFormat:
        """Return the format of its objects and shared libraries."""
        return {System.MACOS: ObjectFormat.MACHO, System.WINDOWS: ObjectFormat.PE}.get(self.system, ObjectFormat.ELF)

    @property
    def slices(self) -> tuple[Platform, ...]:
        """Return the platforms to compile and link for, one per processor: two for `universal2`, else one."""
        if self.architecture != UNIVERSAL:
            return (self,)
        return tuple(
            replace(
                self, architecture=architecture, floor=max(self.floor or (0, 0), _FLOORS[System.MACOS][architecture])
            )
            for architecture in ("x86_64", "arm64")
        )

    @property
    def zig_target(self) -> str:
        """Return the `-target` for zig's clang. Its last part is the floor, if the target has one."""
        if self.system is System.WINDOWS:
            return f"{self.processor}-windows-gnu"
        if self.system is System.MUSL:
            return f"{self.processor}-linux-musl{self._float_abi}"
        if self.floor is None or self.architecture == UNIVERSAL:
            raise ValueError(f"{self} is not a single target")
        floor = max(self.floor, _OLDEST_LINKED_GLIBC.get(self.architecture, self.floor))
        system = "macos" if self.system is System.MACOS else f"linux-gnu{self._float_abi}"
        return f"{self.processor}-{system}.{floor[0]}.{floor[1]}"

    @property
    def multiarch(self) -> str:
        """Return the multiarch tuple in CPython's extension suffix on Linux, such as `aarch64-linux-musl`."""
        libc = "gnu" if self.system is System.GLIBC else "musl"
        return f"{self.processor}-linux-{libc}{self._float_abi}"

    @property
    def glibc_target(self) -> str:
        """Return the target of this processor's glibc, such as `aarch64-linux-gnu`, with any C library."""
        return f"{self.processor}-linux-gnu{self._float_abi}"

    @property
    def _float_abi(self) -> str:
        return "eabihf" if self.architecture == "armv7l" else ""

    def fits(self, globs: Iterable[str]) -> bool:
        """Return whether a glob of wheel platform tags, such as `win_*`, matches this platform."""
        return any(fnmatch.fnmatchcase(self.tag, glob) for glob in globs)

    def runs(self, other: Platform) -> bool:
        """Return whether a machine of this platform runs wheels of the other."""
        same = (self.system, self.architecture) == (other.system, other.architecture)
        return same and (self.floor or (0, 0)) >= (other.floor or (0, 0))

    def shared_library(self, name: str) -> str:
        """Return the file name of a shared library, by which the platform's linkers search for it."""
        formats = {ObjectFormat.ELF: "lib{}.so", ObjectFormat.MACHO: "lib{}.dylib", ObjectFormat.PE: "{}.dll"}
        return formats[self.object_format].format(name)

    def __str__(self) -> str:
        return self.tag

    @classmethod
    def parse(cls, tag: str, *, where: str) -> Platform:
        """Return the platform of a tag, or of `host`.

        Args:
            where: The origin of the tag for messages, such as "the target //a:b".

        Raises:
            InvalidPlatformError: If the tag is invalid or cannot be built for.
        """
        if tag == HOST:
            return host()
        system, _, architecture = tag.partition("_")
        if system == "win" and architecture in _WINDOWS_ARCHITECTURES:
            return cls(System.WINDOWS, architecture)
        match = _FLOOR_TAG.fullmatch(_expand_legacy(tag))
        known = _FLOORS.get(_SYSTEMS[match["family"]]) if match and match["family"] in _SYSTEMS else None
        if match is None or known is None or match["arch"] not in known:
            raise InvalidPlatformError(_no_platform(tag, where))
        platform = cls(_SYSTEMS[match["family"]], match["arch"], (int(match["major"]), int(match["minor"])))
        _check_floor(platform, known[platform.architecture], tag, where)
        return platform


def known_architectures() -> dict[str, tuple[str, ...]]:
    """Return the architectures of each family of tags that can be built for."""
    linux_and_macos = {_FAMILIES[system]: tuple(sorted(floors)) for system, floors in _FLOORS.items()}
    return {**linux_and_macos, "win": _WINDOWS_ARCHITECTURES}


def check_platform_globs(globs: Iterable[str], *, where: str) -> None:
    """Check that a wheel platform tag can match each glob.

    Raises:
        InvalidPlatformError: For all globs without a match.
    """
    families = tuple(known_architectures())
    wrong = [glob for glob in globs if not glob.startswith(("*", "?", "[", *families))]
    if wrong:
        raise InvalidPlatformError(
            f"{where} names {', '.join(map(repr, wrong))}, which fits no wheel platform tag. "
            f"Tags begin with {', '.join(families)}: write `win_*`, `macosx_*_arm64` or `*linux_*`."
        )


def _no_platform(tag: str, where: str) -> str:
    forms = {"manylinux": "manylinux_X_Y_ARCH", "musllinux": "musllinux_1_2_ARCH", "macosx": "macosx_X_Y_ARCH"}
    known = "; ".join(
        f"`{forms.get(family, 'win_ARCH')}` with {', '.join(architectures)}"
        for family, architectures in known_architectures().items()
    )
    reason = _REFUSED.get(tag, "is not a platform tag that this version builds for")
    return (
        f"{where} lists the platform {tag!r}, which {reason}. Use a tag such as {_EXAMPLES}, or `host`. "
        f"Known are {known}."
    )


# Tags that users know from other tools, each with the reason that it is not supported.
_REFUSED = {
    "win32": "is 32-bit Windows: CPython's own 32-bit builds end with 3.14 and the tools have not been tried with it",
    "any": "is for wheels without native code",
}


def _check_floor(platform: Platform, lowest: tuple[int, int], tag: str, where: str) -> None:
    """Check that the toolchain can link for a floor.

    Raises:
        InvalidPlatformError: If it cannot.
    """
    floor = platform.floor or lowest
    alternative = replace(platform, floor=lowest)
    if floor < lowest:
        raise InvalidPlatformError(
            f"{where} lists the platform {tag!r}, but the toolchain's oldest {platform.system.value} for "
            f"{platform.architecture} is {lowest[0]}.{lowest[1]}. Use `{alternative}` or a newer one."
        )
    if platform.system is System.MUSL and floor != lowest:
        raise InvalidPlatformError(
            f"{where} lists the platform {tag!r}, but the toolchain carries musl 1.2. Use `{alternative}`."
        )
    if platform.system is System.GLIBC and floor > _NEWEST_GLIBC:
        newest = replace(platform, floor=_NEWEST_GLIBC)
        raise InvalidPlatformError(
            f"{where} lists the platform {tag!r}, but the newest glibc that a manylinux policy is known of is "
            f"{_NEWEST_GLIBC[0]}.{_NEWEST_GLIBC[1]}. Use `{newest}` or an older one, which a newer system runs as well."
        )
    # packaging.tags, and so every installer, uses MAJOR_0 from macOS 11 on.
    if platform.system is System.MACOS and floor[0] > 10 and floor[1]:
        raise InvalidPlatformError(
            f"{where} lists the platform {tag!r}, which no installer looks for: from macOS 11 on tags end with 0. "
            f"Use `{replace(platform, floor=(floor[0], 0))}`."
        )
    if platform.system is System.MACOS and (floor[0] in _NEVER_RELEASED or (floor > _LAST_TEN and floor[0] == 10)):
        raise InvalidPlatformError(
            f"{where} lists the platform {tag!r}, but there was never a macOS {floor[0]}.{floor[1]}. "
            f"Use `{alternative}`."
        )


def host() -> Platform:
    """Return the newest manylinux platform whose wheels this machine runs.

    Raises:
        InvalidPlatformError: If the machine is not glibc Linux of a known architecture.
    """
    architecture = host_platform.machine()
    version = _host_glibc()
    if version is None or architecture not in _FLOORS[System.GLIBC]:
        raise InvalidPlatformError(
            f"`host` stands for this machine's own platform, but {host_platform.system()} on {architecture} is not "
            "one that Spokeshave runs on. Name a platform instead, such as `manylinux_2_17_x86_64`."
        )
    return Platform(System.GLIBC, architecture, min(version, _NEWEST_GLIBC))


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
