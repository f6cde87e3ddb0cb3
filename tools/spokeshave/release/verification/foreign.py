"""What is in the folders of an index without being listed: foreign files, and what commands have left."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from spokeshave.release.index.folder import (
    FILES,
    GENERATIONS,
    INCOMING,
    METADATA,
    PROVENANCE,
    RELEASES,
    SETS,
    InvalidIndexError,
    ReleaseIndex,
    read_sets,
)
from spokeshave.release.index.writer.ownership import STAGED
from spokeshave.release.record import InvalidRecordError, read_record
from spokeshave.release.verification.findings import LEFTOVER, REMOVE, Findings
from spokeshave.release.verification.sets import is_draft
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.verification import IndexFault

_SENT = "files of a release that is not complete yet; `index add` or `release publish` lists them"
_OLD = "of a set that was removed; the next change of the index deletes it"
_UNKNOWN = "not searched for files that no release lists, because a record is damaged"
# What a record has besides its manifest, which is removed last but not by itself.
_RECORD_NAMES = re.compile(
    r"release\.json|SHA256SUMS|constraints\.txt|pylock\..*toml|reports|attestations|fragments|index\.html"
)


def find_foreign(
    index: ReleaseIndex,
    generation: Path,
    sets: Collection[IndexedSet],
    expected: Collection[Path] | None,
    findings: Findings,
) -> None:
    """Find what no set lists.

    Args:
        expected: The paths of files that sets list. None if it is not known, as a record is damaged.
    """
    _check_generations(index, generation, findings)
    # A writer adds a record before its files, and removes it after them. So records are read after the files are seen.
    files = _files_below(index.folder / FILES) if expected is not None else ()
    unlisted = [path for path in files if path not in (expected or ())]
    leftovers = _check_releases(index, generation, sets, findings)
    if expected is None:
        findings.note(_UNKNOWN, index.folder / FILES)
    for path in unlisted:
        if is_draft(path.name):
            findings.note(LEFTOVER, path)
        elif path not in leftovers and os.path.lexists(path):
            findings.add(IndexFault.FOREIGN, path, "is not listed by a release", REMOVE)
    for path in _files_below(index.folder / INCOMING):
        findings.note(_SENT, path)


def _check_releases(
    index: ReleaseIndex, generation: Path, sets: Collection[IndexedSet], findings: Findings
) -> set[Path]:
    """Find records that are not listed, and return the paths of the files that they name."""
    listed = {index.record_path(each.name, each.version) for each in sets}
    before = set(_sets_before(index, generation))
    leftovers = set()
    for folder in _release_folders(index, findings):
        if folder in listed:
            continue
        if folder in before:
            findings.note(_OLD, folder)
        elif _is_record(folder):
            findings.note(LEFTOVER, folder)
        else:
            findings.add(IndexFault.FOREIGN, folder, "is not the record of a release", REMOVE)
        leftovers |= set(_files_of(index, folder))
    return leftovers


def _check_generations(index: ReleaseIndex, generation: Path, findings: Findings) -> None:
    for path in _entries(index.folder / GENERATIONS):
        is_number = path.name.isdecimal()
        if (path.name != STAGED and not is_number) or not path.is_dir() or path.is_symlink():
            findings.add(IndexFault.FOREIGN, path, "is not a generation", REMOVE)
        elif not is_number or not int(generation.name) - 1 <= int(path.name) <= int(generation.name):
            findings.note(LEFTOVER, path)


def _sets_before(index: ReleaseIndex, generation: Path) -> Iterator[Path]:
    """Yield the records of the sets that the generation before lists. It is kept for readers of its pages."""
    path = generation.with_name(str(int(generation.name) - 1)) / SETS
    try:
        for listed in read_sets(path):
            yield index.record_path(listed.name, listed.version)
    except InvalidIndexError:
        return


def _release_folders(index: ReleaseIndex, findings: Findings) -> Iterator[Path]:
    """Yield the folders of records. Anything else at their level is foreign."""
    for name in _entries(index.folder / RELEASES):
        if name.is_symlink() or not name.is_dir():
            findings.add(IndexFault.FOREIGN, name, "is not a folder of releases", REMOVE)
            continue
        for version in _entries(name):
            if version.is_symlink() or not version.is_dir():
                findings.add(IndexFault.FOREIGN, version, "is not the record of a release", REMOVE)
            else:
                yield version


def _is_record(folder: Path) -> bool:
    """Return whether a folder is what an unfinished addition or removal leaves of a record."""
    return all(is_draft(path.name) or _RECORD_NAMES.fullmatch(path.name) for path in _entries(folder))


def _files_of(index: ReleaseIndex, folder: Path) -> Iterator[Path]:
    """Yield the paths of the files that a record has in an index."""
    try:
        record = read_record(folder)
    except InvalidRecordError:
        return
    for file in record.files:
        for suffix in ("", METADATA, PROVENANCE):
            yield index.file_path(file.sha256, f"{file.name}{suffix}")


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder. Nothing if it does not exist, or was removed meanwhile."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        links = [name for name in folders if Path(root, name).is_symlink()]
        yield from (Path(root, name) for name in sorted((*names, *links)))
