"""The platforms that the toolchain builds for, as targets and options name them."""

from __future__ import annotations

import os
import platform as machine
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from spokeshave_core.platform import (
    EXAMPLES,
    FAMILIES,
    UNIVERSAL,
    InvalidPlatformError,
    Platform,
    System,
    UnknownTagError,
)

HOST = "host"
"""The name for the platform of the machine that runs Pants."""

# The lowest version that the toolchain links for: the first glibc or macOS of an architecture, or zig's minimum.
_FLOORS: Mapping[System, Mapping[str, tuple[int, int] | None]] = {
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
    System.WINDOWS: dict.fromkeys(("amd64", "arm64")),
}
# The newest glibc with a manylinux policy, which the repair needs.
_NEWEST_GLIBC = (2, 39)
# glibc supports ELFv2 since 2.19, but its symbols have the version 2.17, so that the wheel matches that tag.
_OLDEST_LINKED_GLIBC = {"ppc64le": (2, 19)}


def parse_platform(tag: str, *, where: str) -> Platform:
    """The platform of a tag, or of `host`.

    Args:
        tag: A wheel platform tag or its legacy alias.
        where: What contains the tag, for the message, such as "the target //a:b".

    Raises:
        InvalidPlatformError: if the tag is not one, or cannot be built for.
    """
    if tag == HOST:
        return host_platform()
    try:
        platform = Platform.parse(tag)
    except UnknownTagError as error:
        raise _unsupported(tag, where, error.problems[0].message) from error
    except InvalidPlatformError as error:
        fault = error.problems[0]
        message = f"{where} lists the platform {tag!r}, which {fault.message}. {fault.remedy}"
        raise InvalidPlatformError(message) from error
    floors = _FLOORS[platform.system]
    if platform.architecture not in floors:
        raise _unsupported(tag, where, "is not a platform tag that this version builds for")
    lowest = floors[platform.architecture]
    if lowest is not None:
        _check_floor(platform, lowest, tag, where)
    return platform


def host_platform() -> Platform:
    """Return the newest manylinux platform whose wheels this machine runs.

    Raises:
        InvalidPlatformError: if the machine is not glibc Linux of a known architecture.
    """
    architecture = machine.machine()
    version = _host_glibc()
    if version is None or architecture not in _FLOORS[System.GLIBC]:
        raise InvalidPlatformError(
            f"`host` stands for this machine's own platform, but {machine.system()} on {architecture} is not "
            "one that Spokeshave runs on. Name a platform instead, such as `manylinux_2_17_x86_64`."
        )
    return Platform(System.GLIBC, architecture, min(version, _NEWEST_GLIBC))


def oldest_platform(machine: Platform) -> Platform:
    """Return the platform with the lowest floor whose wheels a machine runs."""
    return replace(machine, floor=_FLOORS[machine.system][machine.architecture])


def known_architectures() -> dict[str, tuple[str, ...]]:
    """Return the architectures of each family of tags that can be built for."""
    return {FAMILIES[system]: tuple(sorted(floors)) for system, floors in _FLOORS.items()}


def check_platform_globs(globs: Iterable[str], *, where: str) -> None:
    """Check that a wheel platform tag can match each glob.

    Raises:
        InvalidPlatformError: with all of them.
    """
    families = tuple(FAMILIES.values())
    wrong = [glob for glob in globs if not glob.startswith(("*", "?", "[", *families))]
    if wrong:
        raise InvalidPlatformError(
            f"{where} names {', '.join(map(repr, wrong))}, which matches no wheel platform tag. "
            f"Tags begin with {', '.join(families)}: write `win_*`, `macosx_*_arm64` or `*linux_*`."
        )


def zig_target(platform: Platform) -> str:
    """The `-target` that zig's clang takes; the floor is its last part where the target has one."""
    if platform.system is System.WINDOWS:
        return f"{platform.processor}-windows-gnu"
    if platform.system is System.MUSL:
        return f"{platform.processor}-linux-musl{platform.float_abi}"
    if platform.floor is None or platform.architecture == UNIVERSAL:
        raise ValueError(f"{platform} is not a single target")
    floor = linked_floor(platform)
    system = "macos" if platform.system is System.MACOS else f"linux-gnu{platform.float_abi}"
    return f"{platform.processor}-{system}.{floor[0]}.{floor[1]}"


def linked_floor(platform: Platform) -> tuple[int, int]:
    """Return the version of the C library or of macOS that a platform is linked for.

    Raises:
        ValueError: If the platform has no versions.
    """
    if platform.floor is None:
        raise ValueError(f"{platform} has no versions")
    if platform.system is System.GLIBC:
        return max(platform.floor, _OLDEST_LINKED_GLIBC.get(platform.architecture, platform.floor))
    return platform.floor


def _unsupported(tag: str, where: str, reason: str) -> InvalidPlatformError:
    forms = {"manylinux": "manylinux_X_Y_ARCH", "musllinux": "musllinux_1_2_ARCH", "macosx": "macosx_X_Y_ARCH"}
    known = "; ".join(
        f"`{forms.get(family, 'win_ARCH')}` with {', '.join(architectures)}"
        for family, architectures in known_architectures().items()
    )
    return InvalidPlatformError(
        f"{where} lists the platform {tag!r}, which {reason}. Use a tag such as {EXAMPLES}, or `host`. "
        f"Supported are {known}."
    )


def _check_floor(platform: Platform, lowest: tuple[int, int], tag: str, where: str) -> None:
    """Refuse a floor that nothing can be linked for."""
    floor = platform.floor or lowest
    alternative = replace(platform, floor=lowest)
    if floor < lowest:
        raise InvalidPlatformError(
            f"{where} lists the platform {tag!r}, but the toolchain's oldest {platform.system.value} for "
            f"{platform.architecture} is {lowest[0]}.{lowest[1]}. Use `{alternative}` or a newer one."
        )
    if platform.system is System.MUSL and floor != lowest:
        raise InvalidPlatformError(
            f"{where} lists the platform {tag!r}, but the toolchain has musl 1.2. Use `{alternative}`."
        )
    if platform.system is System.GLIBC and floor > _NEWEST_GLIBC:
        newest = replace(platform, floor=_NEWEST_GLIBC)
        raise InvalidPlatformError(
            f"{where} lists the platform {tag!r}, but the newest glibc with a manylinux policy is "
            f"{_NEWEST_GLIBC[0]}.{_NEWEST_GLIBC[1]}. Use `{newest}` or an older one, which newer systems run too."
        )


def _host_glibc() -> tuple[int, int] | None:
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return None
    match = re.fullmatch(r"glibc (\d+)\.(\d+).*", text)
    return (int(match[1]), int(match[2])) if match else None
