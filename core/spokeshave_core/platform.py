"""Wheel platform tags, parsed into the platforms that they name.

Sources: PEP 425 (tags), PEP 600 (manylinux), PEP 656 (musllinux), PyPA's "Platform compatibility tags" for macOS and
Windows.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from spokeshave_core.problems import Problem, SpokeshaveError

UNIVERSAL = "universal2"
"""The architecture of a macOS binary that holds the code of several processors."""
EXAMPLES = "`manylinux_2_17_x86_64`, `musllinux_1_2_aarch64`, `macosx_11_0_arm64` or `win_amd64`"
"""Platform tags, for the text of an error."""
LEGACY_FLOORS = {"manylinux2014": (2, 17), "manylinux2010": (2, 12), "manylinux1": (2, 5)}
"""The glibc of each family of tags before PEP 600, newest first."""

_NUMBER = r"(?:0|[1-9][0-9]*)"
_FLOOR_TAG = re.compile(rf"(?P<family>[a-z]+)_(?P<major>{_NUMBER})_(?P<minor>{_NUMBER})_(?P<arch>[a-z0-9_]+)")
# The architectures of macOS' tags that have both a wheel and a processor today, with the slices of a file.
_MAC_SLICES = {"arm64": ("arm64",), UNIVERSAL: ("x86_64", "arm64"), "x86_64": ("x86_64",)}
_WINDOWS_ARCHITECTURES = ("amd64", "arm64")
# The processor in the GNU and LLVM projects' words, where a tag has others.
_PROCESSORS = {"amd64": "x86_64", "arm64": "aarch64", "armv7l": "arm", "ppc64le": "powerpc64le"}
# The first macOS for Apple's own processors.
_FIRST_ARM = (11, 0)
# macOS' version numbers skip from 10.15 to 11, and from 15 to 26.
_LAST_TEN = 15
_NEVER_RELEASED = range(16, 26)
# Tags that users know from other tools, each with the reason that it is not supported.
_REFUSED = {
    "win32": "is 32-bit Windows: CPython's own 32-bit builds end with 3.14 and Spokeshave was not tested with it",
    "any": "is for wheels without native code",
}


class InvalidPlatformError(SpokeshaveError):
    """A platform tag that is not one, or that is not supported."""


class UnknownTagError(InvalidPlatformError):
    """A text that does not have the form of a supported platform tag."""


class System(Enum):
    """The operating system; on Linux, by C library."""

    GLIBC = "glibc"
    MUSL = "musl"
    MACOS = "macOS"
    WINDOWS = "Windows"


class ObjectFormat(Enum):
    """The format of objects and shared libraries."""

    ELF = "ELF"
    MACHO = "Mach-O"
    PE = "PE"


FAMILIES = {System.GLIBC: "manylinux", System.MUSL: "musllinux", System.MACOS: "macosx", System.WINDOWS: "win"}
"""What the tags of a system begin with."""
_SYSTEMS = {family: system for system, family in FAMILIES.items()}


@dataclass(frozen=True)
class Platform:
    """What a wheel platform tag names.

    Attributes:
        system: The operating system and its C library.
        architecture: The processor in the tag's words, such as `x86_64`, `amd64` or `universal2`.
        floor: The lowest version of glibc, musl or macOS; None for Windows, whose tags have none.
    """

    system: System
    architecture: str
    floor: tuple[int, int] | None = None

    @property
    def tag(self) -> str:
        """Return the canonical wheel platform tag, such as `manylinux_2_17_x86_64` or `win_amd64`."""
        family = FAMILIES[self.system]
        if self.floor is None:
            return f"{family}_{self.architecture}"
        return f"{family}_{self.floor[0]}_{self.floor[1]}_{self.architecture}"

    @property
    def tags(self) -> tuple[str, ...]:
        """The tag and its legacy aliases, sorted as a wheel's file name has them."""
        aliases = (name for name, floor in LEGACY_FLOORS.items() if (self.system, self.floor) == (System.GLIBC, floor))
        return tuple(sorted((self.tag, *(f"{name}_{self.architecture}" for name in aliases))))

    @property
    def unrepaired_tag(self) -> str:
        """The tag of a wheel that was not repaired yet: `linux_x86_64`; outside of Linux the platform's own."""
        return f"linux_{self.architecture}" if self.object_format is ObjectFormat.ELF else self.tag

    @property
    def any_floor(self) -> str:
        """Return the glob of the tags of this system and architecture, such as `manylinux_*_x86_64`."""
        return self.tag if self.floor is None else f"{FAMILIES[self.system]}_*_{self.architecture}"

    @property
    def processor(self) -> str:
        """The processor in the GNU and LLVM projects' words, such as `x86_64` or `powerpc64le`."""
        return _PROCESSORS.get(self.architecture, self.architecture)

    @property
    def object_format(self) -> ObjectFormat:
        """The format of the files that the system loads."""
        return {System.MACOS: ObjectFormat.MACHO, System.WINDOWS: ObjectFormat.PE}.get(self.system, ObjectFormat.ELF)

    @property
    def architectures(self) -> tuple[str, ...]:
        """The architectures that each native file must have: two for `universal2`, else one."""
        return _MAC_SLICES[self.architecture] if self.system is System.MACOS else (self.architecture,)

    @property
    def slices(self) -> tuple[Platform, ...]:
        """The platforms that are compiled and linked for, one for each of the architectures."""
        if self.architecture != UNIVERSAL:
            return (self,)
        floor = self.floor or (0, 0)
        return tuple(
            replace(self, architecture=part, floor=max(floor, _FIRST_ARM) if part == "arm64" else floor)
            for part in self.architectures
        )

    @property
    def multiarch(self) -> str:
        """The multiarch tuple that CPython's extension suffix has on Linux, such as `aarch64-linux-musl`."""
        libc = "gnu" if self.system is System.GLIBC else "musl"
        return f"{self.processor}-linux-{libc}{self.float_abi}"

    @property
    def glibc_target(self) -> str:
        """Return the target of this processor's glibc, such as `aarch64-linux-gnu`, with any C library."""
        return f"{self.processor}-linux-gnu{self.float_abi}"

    @property
    def float_abi(self) -> str:
        """What a Linux target's name ends with where the processor has several calling conventions; else empty."""
        return "eabihf" if self.architecture == "armv7l" else ""

    def fits(self, globs: Iterable[str]) -> bool:
        """Return whether a glob of wheel platform tags, such as `win_*`, matches this platform."""
        return any(fnmatch.fnmatchcase(self.tag, glob) for glob in globs)

    def runs(self, other: Platform) -> bool:
        """Return whether a machine of this platform runs wheels of the other."""
        same = self.system is other.system and self.architecture in (other.architecture, *other.architectures)
        return same and (self.floor or (0, 0)) >= (other.floor or (0, 0))

    def shared_library(self, name: str) -> str:
        """Return the file name of a shared library, by which the platform's linkers search for it."""
        formats = {ObjectFormat.ELF: "lib{}.so", ObjectFormat.MACHO: "lib{}.dylib", ObjectFormat.PE: "{}.dll"}
        return formats[self.object_format].format(name)

    def __str__(self) -> str:
        return self.tag

    @classmethod
    def parse(cls, tag: str) -> Platform:
        """The platform that a tag or its legacy alias names.

        Raises:
            UnknownTagError: if the text does not have the form of a supported tag.
            InvalidPlatformError: if no installer looks for the tag, or no such macOS exists.
        """
        family, _, architecture = tag.partition("_")
        if family == FAMILIES[System.WINDOWS] and architecture in _WINDOWS_ARCHITECTURES:
            return cls(System.WINDOWS, architecture)
        match = _FLOOR_TAG.fullmatch(_expand_legacy(tag))
        system = _SYSTEMS.get(match["family"]) if match else None
        is_windows = system is System.WINDOWS
        is_unknown_mac = match is not None and system is System.MACOS and match["arch"] not in _MAC_SLICES
        if match is None or system is None or is_windows or is_unknown_mac:
            raise _unknown_tag(tag, family)
        platform = cls(system, match["arch"], (int(match["major"]), int(match["minor"])))
        if system is System.MACOS:
            _check_macos(platform)
        return platform


def _unknown_tag(tag: str, family: str) -> UnknownTagError:
    forms = {
        "macosx": f"is not of the form `macosx_MAJOR_MINOR_ARCH` with {', '.join(_MAC_SLICES)}",
        "win": f"is not of the form `win_ARCH` with {', '.join(_WINDOWS_ARCHITECTURES)}",
    }
    reason = _REFUSED.get(tag) or forms.get(family, "is not a manylinux, musllinux, macosx or win tag")
    return UnknownTagError(Problem(tag, reason, f"Use a tag such as {EXAMPLES}."))


def _check_macos(platform: Platform) -> None:
    """Refuse a version of macOS that no wheel can be tagged with."""
    major, minor = platform.floor or (0, 0)
    lowest = Platform(System.MACOS, platform.architecture, _FIRST_ARM)
    if platform.architecture == "arm64" and (major, minor) < _FIRST_ARM:
        raise InvalidPlatformError(
            Problem(platform.tag, "is not a platform: macOS runs on arm64 from 11.0 on", f"Use `{lowest}`.")
        )
    if major < 10 or major in _NEVER_RELEASED or (major == 10 and minor > _LAST_TEN):
        message = f"is not a platform: macOS {major}.{minor} does not exist"
        raise InvalidPlatformError(Problem(platform.tag, message, f"Use `{lowest}`."))
    # packaging.tags, and so every installer, uses MAJOR_0 from macOS 11 on.
    if major > 10 and minor:
        known = replace(platform, floor=(major, 0))
        message = "is not used by any installer: from macOS 11 on, the minor version in tags is 0"
        raise InvalidPlatformError(Problem(platform.tag, message, f"Use `{known}`."))


def _expand_legacy(tag: str) -> str:
    name, _, architecture = tag.partition("_")
    floor = LEGACY_FLOORS.get(name)
    return tag if floor is None else f"manylinux_{floor[0]}_{floor[1]}_{architecture}"
