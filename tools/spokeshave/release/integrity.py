"""Whether a record is as it was sealed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.release.derived import derived_files
from spokeshave.release.record import (
    ATTESTATION,
    ATTESTATIONS,
    FILES,
    MANIFEST,
    REPORTS,
    STATE,
    SUMS,
    InvalidRecordError,
    read_record,
)
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.record import ReleaseRecord

_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64}) [ *](?P<path>.+)")
_AGAIN = "Download the record again, or seal it again from the wheels that were tested."
_EXTRA = "Remove it: a record has only what was sealed."


def verify_record(folder: Path) -> ReleaseRecord:
    """Read a record, all files of which are as they were sealed.

    Raises:
        InvalidRecordError: For every file that is not.
    """
    if (folder / MANIFEST).exists():
        changed_files(folder).raise_if_any(InvalidRecordError)
    return read_record(folder)


def changed_files(folder: Path) -> Problems:
    """Return a problem for each file of a record that was changed, added or lost after it was sealed.

    Every file is hashed. The journals of publishing are not looked at, and attestations only by their names: they are
    added later, and signed.
    """
    problems = Problems()
    with problems.collecting():
        sums = read_sums(folder)
        present = set(_paths(folder))
        for path in sorted(present - set(sums)):
            problems.add(str(folder / path), "is not part of the sealed record", _EXTRA)
        for path in sorted(sums):
            _compare(folder / path, sums[path], path in present, problems)
        _check_agreement(folder, sums, problems)
    return problems


def read_sums(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file by path, from SHA256SUMS.

    Raises:
        InvalidRecordError: If the record has no such file, or one with other lines.
    """
    path = folder / SUMS
    try:
        lines = path.read_text("utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is not text"
        raise InvalidRecordError(Problem(str(path), f"cannot be read ({reason})", _AGAIN)) from err
    problems = Problems()
    sums: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = _LINE.fullmatch(line)
        if match is None or match["path"] in sums:
            problems.add(f"{path}, line {number}", "is not a sha256 and a path, or lists a path twice", _AGAIN)
        else:
            sums[match["path"]] = match["sha256"]
    problems.raise_if_any(InvalidRecordError)
    return sums


def sealed_sums(record: ReleaseRecord, manifest_sha256: str) -> dict[str, str]:
    """Return the sha256 of each file by path that follow from a manifest. Those of reports are not among them."""
    derived = {name: hashlib.sha256(data).hexdigest() for name, data in derived_files(record).items()}
    return {MANIFEST: manifest_sha256, **derived, **{f"{FILES}/{file.name}": file.sha256 for file in record.files}}


def _paths(folder: Path) -> Iterator[str]:
    """Yield the paths of a record's files, with slashes, without the sums, the journals and known attestations."""
    for root, folders, names in os.walk(folder):
        below = Path(root).relative_to(folder)
        if below == Path():
            folders[:] = [name for name in folders if name != STATE or Path(root, name).is_symlink()]
            names = [name for name in names if name != SUMS]
        links = [name for name in folders if Path(root, name).is_symlink()]
        for name in (*names, *links):
            path = (below / name).as_posix()
            if not _is_attestation(folder, path):
                yield path


def _is_attestation(folder: Path, path: str) -> bool:
    """Return whether a path is that of the attestation of one of the record's files."""
    parent, _, name = path.partition("/")
    is_one = parent == ATTESTATIONS and name.endswith(ATTESTATION)
    return is_one and (folder / FILES / name[: -len(ATTESTATION)]).is_file()


def _compare(path: Path, sha256: str, exists: bool, problems: Problems) -> None:
    if not exists:
        problems.add(str(path), "is part of the sealed record, but does not exist", _AGAIN)
        return
    found, _ = sha256_of_file(path)
    if found != sha256:
        problems.add(str(path), f"was changed after it was sealed: its sha256 is {found} and not {sha256}", _AGAIN)


def _check_agreement(folder: Path, sums: Mapping[str, str], problems: Problems) -> None:
    """Add problems of sums that do not follow from the manifest, if the manifest is the sealed one."""
    try:
        manifest = (folder / MANIFEST).read_bytes()
    except OSError:
        # It is among the missing files already.
        return
    manifest_sha256 = hashlib.sha256(manifest).hexdigest()
    if sums.get(MANIFEST) not in (manifest_sha256, None):
        return
    record = read_record(folder)
    expected = sealed_sums(record, manifest_sha256)
    found = {path: sha256 for path, sha256 in sums.items() if not path.startswith(f"{REPORTS}/")}
    for path in sorted(path for path in {*expected, *found} if expected.get(path) != found.get(path)):
        message = f"lists {path} with the sha256 {found.get(path)}, but {MANIFEST} stands for {expected.get(path)}"
        problems.add(str(folder / SUMS), message, _AGAIN)
    reports = {sha256 for path, sha256 in sums.items() if path.startswith(f"{REPORTS}/")}
    counted = {test.report_sha256 for file in record.files for test in file.tested}
    for sha256 in sorted(counted - reports):
        problems.add(str(folder / REPORTS), f"has no report with the sha256 {sha256}, which {MANIFEST} names", _AGAIN)
    for path in sorted(path for path in sums if path.startswith(f"{REPORTS}/") and sums[path] not in counted):
        problems.add(str(folder / path), f"is not a report that {MANIFEST} names", _EXTRA)
