"""The files of a release that `--only` selects: by platform tag, or by kind. Pure, by their names."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.wheel_name import WHEEL_SUFFIX, InvalidWheelNameError, WheelName

WHEELS = "wheels"
SDISTS = "sdists"
KINDS = (WHEELS, SDISTS)
GLOBS_HELP = f"a glob of platform tags, such as 'manylinux_*', 'win_*' or 'any', or a kind: {WHEELS} or {SDISTS}"


class SelectionError(SpokeshaveError):
    """An `--only` that selects nothing."""


def add_only_argument(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add `--only`.

    Args:
        purpose: What is done with the selected files, in the help.
    """
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="GLOB",
        help=f"{purpose}: {GLOBS_HELP}; may be repeated. Default: all files",
    )


def selected(names: Collection[str], globs: Sequence[str], place: str = "--only") -> frozenset[str]:
    """Return the files that any of the globs selects. Without globs, all.

    Args:
        place: The position of an error.

    Raises:
        SelectionError: For each glob that selects no file, with what could be selected.
    """
    if not globs:
        return frozenset(names)
    found = {glob: matching(names, [glob]) for glob in globs}
    problems = Problems()
    for glob, files in found.items():
        if not files:
            problems.add(place, f"{glob!r} matches no file", f"There is: {_offer(names)}.")
    problems.raise_if_any(SelectionError)
    return frozenset().union(*found.values())


def matching(names: Iterable[str], globs: Iterable[str]) -> frozenset[str]:
    """Return the files that any of the globs selects."""
    patterns = tuple(globs)
    return frozenset(name for name in names if any(_fits(name, glob) for glob in patterns))


def known_globs(names: Collection[str], globs: Iterable[str]) -> tuple[str, ...]:
    """Return the globs that select a file, each once, in their order."""
    return tuple(glob for glob in dict.fromkeys(globs) if any(_fits(name, glob) for name in names))


def platforms_of(name: str) -> tuple[str, ...]:
    """Return the platform tags of a wheel by its file name. Empty for an sdist."""
    try:
        return WheelName.parse(name).tag.platforms
    except InvalidWheelNameError:
        return ()


def _fits(name: str, glob: str) -> bool:
    is_wheel = name.endswith(WHEEL_SUFFIX)
    if glob in KINDS:
        return is_wheel == (glob == WHEELS)
    tags = platforms_of(name)
    # The last one is that of a file name, for who copies it from there.
    return any(fnmatchcase(tag, glob) for tag in (*tags, ".".join(tags))) and bool(tags)


def _offer(names: Collection[str]) -> str:
    """Return what could be selected, with the number of its files."""
    counts: dict[str, int] = {}
    for name in sorted(names):
        for tag in platforms_of(name) or (SDISTS,):
            counts[tag] = counts.get(tag, 0) + 1
    return ", ".join(_counted(counts)) or "nothing"


def _counted(counts: Mapping[str, int]) -> Iterable[str]:
    return (f"{tag} ({count})" for tag, count in counts.items())
