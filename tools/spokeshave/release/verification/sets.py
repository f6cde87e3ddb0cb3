"""The list of sets of a generation, and the records of these sets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.release.attestations import SUFFIX
from spokeshave.release.index.folder import OTHER_LIST, PAGE, SETS, ReleaseIndex, is_whole_list, listed_files
from spokeshave.release.index.upload_time import parse_time
from spokeshave.release.index.writer.generation import SetParts
from spokeshave.release.integrity import read_sums, sealed_sums
from spokeshave.release.record import (
    ATTESTATIONS,
    FILES,
    MANIFEST,
    REPORTS,
    SUMS,
    InvalidRecordError,
    is_file_name,
    read_record,
)
from spokeshave.release.verification.findings import ADD_AGAIN, LEFTOVER, REMOVE, Findings
from spokeshave_core.json_values import InvalidJsonError, from_value, parse_any
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord
from spokeshave_core.release.verification import IndexFault


@dataclass(frozen=True)
class VerifiedSet:
    """A set whose record is the one that the list names.

    Attributes:
        files: What the index lists of it.
    """

    listed: IndexedSet
    record: ReleaseRecord
    files: tuple[ReleaseFile, ...]


def read_list(generation: Path, findings: Findings) -> tuple[IndexedSet, ...]:
    """Return the sets that a generation lists. Lines that cannot be read are findings."""
    path = generation / SETS
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is not text in UTF-8"
        findings.add(IndexFault.LIST, path, f"cannot be read ({reason})", OTHER_LIST)
        return ()
    sets = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            sets.append(_read_line(line))
        except (InvalidJsonError, ValueError) as err:
            findings.add(IndexFault.LIST, path, f"has a line {number} that is not a set: {err}", OTHER_LIST)
    _check_list(path, sets, findings)
    if not findings and not is_whole_list(generation):
        findings.add(IndexFault.LIST, path, "is not as it was written", OTHER_LIST)
    return tuple(sets)


def _read_line(line: str) -> IndexedSet:
    listed = from_value(IndexedSet, parse_any(line))
    parse_time(listed.added)
    if not (is_file_name(listed.name) and is_file_name(listed.version)):
        raise ValueError(f"{listed.name} {listed.version} is not a name and a version")
    return listed


def _check_list(path: Path, sets: Sequence[IndexedSet], findings: Findings) -> None:
    """Check what sets say of each other."""
    if [listed.added for listed in sets] != sorted(listed.added for listed in sets):
        findings.add(IndexFault.LIST, path, "lists sets in another order than that of their times", OTHER_LIST)
    seen = set()
    for listed in sets:
        key = listed.name, listed.version
        if key in seen:
            findings.add(IndexFault.LIST, path, f"lists {' '.join(key)} twice", OTHER_LIST)
        seen.add(key)


def verify_set(index: ReleaseIndex, listed: IndexedSet, findings: Findings) -> VerifiedSet | None:
    """Compare the record of a set with its sums. None if it is not the record that the list names."""
    folder = index.record_path(listed.name, listed.version)
    manifest = folder / MANIFEST
    try:
        found = hashlib.sha256(manifest.read_bytes()).hexdigest()
        if found != listed.manifest_sha256:
            message = f"has the sha256 {found}, but the list has {listed.manifest_sha256}"
            findings.add(IndexFault.RECORD, manifest, message, ADD_AGAIN)
            return None
        record = read_record(folder)
    except OSError as err:
        findings.add(IndexFault.RECORD, manifest, f"cannot be read ({err.strerror})", ADD_AGAIN)
        return None
    except InvalidRecordError as err:
        for problem in err.problems:
            findings.add(IndexFault.RECORD, manifest, problem.message, ADD_AGAIN)
        return None
    files = tuple(listed_files(record, listed.only))
    fragments = SetParts.of(index, listed).folder.parent
    _check_record_files(folder, fragments, record, listed.manifest_sha256, findings)
    return VerifiedSet(listed, record, files)


def compare_list(generation: Path, sets: Iterable[VerifiedSet], findings: Findings) -> None:
    """Compare what a generation lists with the records."""
    for each in sets:
        for text in _list_differences(each.listed, each.record, each.files):
            message = f"{text} of {each.listed.name} {each.listed.version}"
            findings.add(IndexFault.LIST, generation / SETS, message, OTHER_LIST)


def _list_differences(listed: IndexedSet, record: ReleaseRecord, files: Sequence[ReleaseFile]) -> Iterator[str]:
    """Yield what the list says of a set that its record does not."""
    promoted_from = record.promoted_from.manifest_sha256 if record.promoted_from else None
    pairs = {
        "name": (listed.name, record.name),
        "version": (listed.version, record.version),
        "channel": (listed.channel, record.channel),
        "commit": (listed.commit, record.commit),
        "projects": (listed.projects, tuple(sorted({file.project for file in files}))),
        "number of files": (listed.files, len(files)),
        "size": (listed.size, sum(file.size for file in files)),
        "source": (listed.promoted_from, promoted_from),
    }
    for name, (found, expected) in pairs.items():
        if found != expected:
            yield f"has the {name} {found!r}, and not {expected!r}"


def _check_record_files(folder: Path, fragments: Path, record: ReleaseRecord, sha256: str, findings: Findings) -> None:
    """Compare the files of a record, apart from wheels and sdists, with its sums, and these with its manifest."""
    try:
        sums = read_sums(folder)
    except InvalidRecordError as err:
        for problem in err.problems:
            findings.add(IndexFault.RECORD, folder / SUMS, problem.message, ADD_AGAIN)
        return
    _check_sums(folder, record, sha256, sums, findings)
    for name in sums:
        if not name.startswith(f"{FILES}/"):
            _compare(folder / name, sums[name], findings)
    for path in _paths(folder):
        name = path.relative_to(folder).as_posix()
        if is_draft(name):
            findings.note(LEFTOVER, path)
        elif name not in sums and fragments not in path.parents and not _is_of_index(name, record):
            findings.add(IndexFault.FOREIGN, path, "is not part of the sealed record", REMOVE)


def _check_sums(folder: Path, record: ReleaseRecord, sha256: str, sums: dict[str, str], findings: Findings) -> None:
    expected = sealed_sums(record, sha256)
    counted = {test.report_sha256 for file in record.files for test in file.tested}
    reports = {path: value for path, value in sums.items() if path.startswith(f"{REPORTS}/")}
    others = {path: value for path, value in sums.items() if path not in reports}
    for path in sorted(path for path in {*expected, *others} if expected.get(path) != others.get(path)):
        message = f"lists {path} with the sha256 {others.get(path)}, but {MANIFEST} stands for {expected.get(path)}"
        findings.add(IndexFault.RECORD, folder / SUMS, message, ADD_AGAIN)
    if counted != set(reports.values()):
        findings.add(IndexFault.RECORD, folder / SUMS, f"lists other reports than {MANIFEST}", ADD_AGAIN)


def _compare(path: Path, sha256: str, findings: Findings) -> None:
    try:
        found = sha256_of_file(path)[0]
    except OSError as err:
        findings.add(IndexFault.RECORD, path, f"cannot be read ({err.strerror})", ADD_AGAIN)
        return
    if found != sha256:
        findings.add(IndexFault.RECORD, path, f"has the sha256 {found}, and not {sha256} as sealed", ADD_AGAIN)


def _paths(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_symlink() or not path.is_dir())


def _is_of_index(name: str, record: ReleaseRecord) -> bool:
    """Return whether a file next to a record is one that an index or its writer makes."""
    parent, _, file = name.rpartition("/")
    if parent == ATTESTATIONS:
        return file.endswith(SUFFIX) and any(file.startswith(f"{each.name}.") for each in record.files)
    return name in (SUMS, PAGE)


def is_draft(name: str) -> bool:
    """Return whether a path is that of a file or folder that a writer had not finished."""
    return any(part.startswith(".") or part.endswith(".draft") for part in name.split("/"))
