"""A command about one release of an index."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.version import InvalidVersion, Version

from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.index.release_names import meant_name
from spokeshave.release.index.writer.change import RefusedChangeError, change_index
from spokeshave.release.record import is_file_name
from spokeshave.report import write_text
from spokeshave.wheel.name import is_version
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.index import IndexChange, IndexChangeReport, IndexedSet

_ANYWAY = "Give --anyway to remove it nevertheless."
_LIST = "`spokeshave index list` prints the releases of an index."


def add_set_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a release of an index."""
    parser.add_argument("name", metavar="NAME", type=_name, help="the name of the release, such as abacus")
    parser.add_argument("version", metavar="VERSION", help="its version, such as 3.12.0")
    parser.add_argument("index", type=Path, metavar="DIR", help="the folder of the index")


def add_reason_arguments(parser: argparse.ArgumentParser, *, reason: str, undo: str) -> None:
    """Add the options of a command that marks a release.

    Args:
        reason: The help of `--reason`.
        undo: The help of `--undo`.
    """
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--reason", metavar="TEXT", help=reason)
    choice.add_argument("--undo", action="store_true", help=undo)
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def show_mark(change: IndexChange, mark: str, reason: str | None, report: Path | None) -> None:
    """Print whether a release has a mark, such as `yanked`, and write the report."""
    state = f"not {mark}" if reason is None else f"{mark}: {reason}" if reason else mark
    what = "is" if change.is_changed else "was already"
    sys.stdout.write(f"{change.listed.name} {change.listed.version} {what} {state}\n")
    if report:
        write_text(report, IndexChangeReport((change,)).to_json())


def change_set(folder: Path, name: str, version: str, change: Callable[[IndexedSet], IndexedSet]) -> IndexChange:
    """Change what an index lists of one release.

    Raises:
        InvalidIndexError: If the folder is not an index.
        RefusedChangeError: If it does not list the release.
    """
    found: list[IndexedSet] = []

    def edit(sets: tuple[IndexedSet, ...]) -> Sequence[IndexedSet]:
        found.append(find_set(sets, name, version, folder))
        return [change(listed) if listed is found[0] else listed for listed in sets]

    change_index(folder, edit)
    return IndexChange(change(found[0]), change(found[0]) != found[0])


def remove_set(folder: Path, name: str, version: str, *, is_forced: bool, generations: int) -> IndexedSet | None:
    """Remove one release from an index, and return it. None if it was removed already, but not its files.

    Args:
        is_forced: Whether it is removed if it is kept, or if another one was promoted from it.
        generations: The number of generations that are kept. With 1, its files are removed with it.

    Raises:
        InvalidIndexError: If the folder is not an index.
        RefusedChangeError: If it does not list the release, or needs it.
    """
    found: list[IndexedSet] = []

    def edit(sets: tuple[IndexedSet, ...]) -> Sequence[IndexedSet]:
        if is_removed(ReleaseIndex(folder), sets, name, version):
            return sets
        found.append(removable_set(sets, name, version, folder, is_forced=is_forced))
        return [listed for listed in sets if listed is not found[0]]

    change_index(folder, edit, generations=generations)
    return found[0] if found else None


def is_removed(index: ReleaseIndex, sets: Sequence[IndexedSet], name: str, version: str) -> bool:
    """Return whether an index has files of a release's record, and does not list it: a removal was not completed."""
    is_listed = any(listed.name == name and _is_equal(listed.version, version) for listed in sets)
    # A path that leads elsewhere is not the name of a release.
    is_one = is_file_name(name) and is_version(version)
    return is_one and not is_listed and index.record_path(name, version).is_dir()


def removable_set(sets: Sequence[IndexedSet], name: str, version: str, folder: Path, *, is_forced: bool) -> IndexedSet:
    """Return a release that may be removed.

    Raises:
        RefusedChangeError: If it is not listed, or is needed and the removal not forced.
    """
    listed = find_set(sets, name, version, folder)
    problems = Problems()
    place = f"{listed.name} {listed.version}"
    if listed.kept is not None:
        problems.add(place, f"is kept: {listed.kept}" if listed.kept else "is kept", _ANYWAY)
    for other in sets:
        if other.promoted_from == listed.manifest_sha256:
            problems.add(place, f"is what {other.name} {other.version} was promoted from", _ANYWAY)
    if not is_forced:
        problems.raise_if_any(RefusedChangeError)
    return listed


def find_set(sets: Sequence[IndexedSet], name: str, version: str, folder: Path) -> IndexedSet:
    """Return a release of an index.

    Raises:
        RefusedChangeError: If it is not listed.
    """
    name = meant_name(name, (listed.name for listed in sets))
    named = [listed for listed in sets if listed.name == name]
    for listed in named:
        if listed.version == version or _is_equal(listed.version, version):
            return listed
    if named:
        raise RefusedChangeError(Problem(str(folder), f"has no version {version} of {name}", _LIST))
    names = sorted({listed.name for listed in sets})
    has = f"it has {', '.join(names)}" if names else "it is empty"
    raise RefusedChangeError(Problem(str(folder), f"has no release {name}: {has}", _LIST))


def _name(text: str) -> str:
    name, pin, version = text.partition("==")
    if pin:
        # Without this, what is missing would be DIR.
        raise argparse.ArgumentTypeError(f"write the name and the version of {text!r} as two words: {name} {version}")
    return text


def _is_equal(listed: str, version: str) -> bool:
    try:
        return Version(listed) == Version(version)
    except InvalidVersion:
        return False
