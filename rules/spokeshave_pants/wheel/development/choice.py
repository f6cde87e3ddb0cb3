"""The choice of one platform and one Python for a developer's tools. Works without the engine."""

from __future__ import annotations

import platform as machine
from collections.abc import Iterable, Sequence

from spokeshave_core.platform import InvalidPlatformError, Platform, System
from spokeshave_core.python_abi import PythonAbi, PythonVersion
from spokeshave_pants.toolchain.platforms import HOST, host_platform, parse_platform
from spokeshave_pants.wheel.plan.matrix import WheelMatrix


def choose_platform(tag: str, matrices: Iterable[WheelMatrix], *, where: str) -> Platform:
    """Return the platform of an option, with one processor.

    `host` is the first platform of the wheels that this machine runs, so that compiles of `package` are used again. On
    a machine that nothing is built for, such as a Mac or one with musl, it is the platform of the wheels that resembles
    it most: a shell and an editor can work with each one.

    Raises:
        InvalidPlatformError: If nothing is built for this machine, and there is no wheel.
    """
    if tag != HOST:
        return parse_platform(tag, where=where).slices[0]
    listed = [part for matrix in matrices for platform in matrix.platforms for part in platform.slices]
    try:
        here = host_platform()
    except InvalidPlatformError:
        if not listed:
            raise
        return min(listed, key=_difference)
    return next((platform for platform in listed if here.runs(platform)), here)


def _difference(platform: Platform) -> tuple[bool, bool]:
    """Return how much a platform differs from a machine that is not a platform of its own."""
    is_mac = machine.system() == "Darwin"
    return (platform.system is System.MACOS) is not is_mac, platform.architecture != machine.machine()


def choose_abi(python: str | None, matrices: Iterable[WheelMatrix], default: str, *, where: str) -> PythonAbi:
    """Return the build that serves a Python: the given one, or the newest one of the wheels.

    Args:
        default: The Python of sources that are in no wheel.
    """
    matrices = tuple(matrices)
    versions = [version for matrix in matrices for version in matrix.versions]
    if python is not None or not versions:
        wanted = PythonVersion.parse(python or default, where=where)
    else:
        wanted = max([version for version in versions if not version.free_threaded] or versions)
    # The build of a wheel that lists the Python, before one that would only run there.
    ordered = sorted(matrices, key=lambda matrix: wanted not in matrix.versions)
    builds = (matrix.preferred(wanted) for matrix in ordered)
    return next((abi for abi in builds if abi is not None and not abi.independent), PythonAbi(wanted))


def variant_notes(compiled: Iterable[tuple[str, Sequence[object | None]]]) -> tuple[str, ...]:
    """Return the notes on what several wheels contain in different variants.

    Args:
        compiled: Sources or targets, each with the addresses of its variants, or None for the build without a variant;
            at first the one that is used.
    """
    names: dict[tuple[object | None, ...], list[str]] = {}
    for name, variants in compiled:
        if len(variants) > 1:
            names.setdefault(tuple(variants), []).append(name)
    return tuple(_variant_note(listed, variants) for variants, listed in names.items())


def _variant_note(names: Sequence[str], variants: Iterable[object | None]) -> str:
    used, *others = ("without a variant" if variant is None else f"of the variant {variant}" for variant in variants)
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}: this is the build {used}. Other wheels contain the build {', '.join(others)}."
