"""Why a run makes no record of a release, before anything is built. Each reason is empty if it does not hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.version import Version

from spokeshave_core.channel import AT_COMMIT
from spokeshave_pants.release.rules import StampedVersion
from spokeshave_pants.wheel.plan.matrix import WheelMatrix

_COMMIT_CHANNELS = frozenset(channel.value for channel in AT_COMMIT)


def several_versions(versions: Iterable[str]) -> str:
    """Return that the wheels differ in their version, as those with a static one may."""
    distinct = sorted(set(versions), key=Version)
    return f"its wheels have several versions: {', '.join(distinct)}" if len(distinct) > 1 else ""


def development_version(version: StampedVersion, *, has_suffix: bool) -> str:
    """Return that a version is not released: it names a commit, or is that of a run without options."""
    parsed = Version(version.version)
    if version.channel in _COMMIT_CHANNELS or parsed.local or (parsed.dev == 0 and not has_suffix):
        return f"{version.version} is a development version (choose one by --release-version-channel=rc, for example)"
    return ""


def left_out(declared: Iterable[WheelMatrix], globs: Sequence[str]) -> str:
    """Return how much of a release's matrix a run for some platforms leaves out."""
    declared = tuple(declared)
    all_of_them = sum(map(_count, declared))
    built = sum(_count(matrix.narrowed(globs)) for matrix in declared)
    return "" if built == all_of_them else f"this run builds {built} of its {all_of_them} wheels"


def _count(matrix: WheelMatrix) -> int:
    return len(matrix.platforms) * len(matrix.abis)
