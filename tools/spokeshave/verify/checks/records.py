"""The check of RECORD against the wheel's files."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.verify.findings import Finding, Rule, Subject, finding, findings
from spokeshave.wheel.archive import iter_chunks
from spokeshave.wheel.record import RecordEntry, parse_record
from spokeshave.wheel.writer import UNHASHED

_HASHES = ("sha256", "sha384", "sha512")
_REMEDY = "Repair the wheel again; a file was changed after RECORD was written."


def check_record(subject: Subject) -> Iterator[Finding]:
    """Every file has one line with its hash and size, and every line has its file."""
    place = f"{subject.tree.dist_info}/RECORD"
    if place not in subject.tree.files:
        yield finding(Rule.RECORD, place, "is missing", "Build the wheel again.")
        return
    try:
        entries = parse_record(subject.tree.read(place), place)
    except InvalidWheelError as err:
        yield from findings(Rule.RECORD, err.problems)
        return
    yield from _compare(subject, place, entries)


def _compare(subject: Subject, place: str, entries: Mapping[str, RecordEntry]) -> Iterator[Finding]:
    unhashed = {f"{subject.tree.dist_info}/{name}" for name in UNHASHED}
    for file in subject.tree.files:
        if file not in entries:
            if file not in unhashed:
                yield finding(Rule.RECORD, file, "is not listed in RECORD", _REMEDY)
        elif file not in unhashed:
            fault = content_fault(entries[file], subject.tree.root / file)
            if fault:
                yield finding(Rule.RECORD, file, fault, _REMEDY)
    for path in sorted(set(entries) - set(subject.tree.files)):
        yield finding(Rule.RECORD, place, f"lists {path}, which is not in the wheel", _REMEDY)


def content_fault(entry: RecordEntry, path: Path) -> str | None:
    """What of a file contradicts its line in RECORD."""
    algorithm, _, expected = entry.hash.partition("=")
    if not entry.hash:
        return "has no hash in RECORD"
    if algorithm not in _HASHES:
        return f"has a hash of the kind {algorithm} in RECORD, which installers refuse"
    digest = hashlib.new(algorithm)
    size = 0
    with path.open("rb") as stream:
        for chunk in iter_chunks(stream):
            digest.update(chunk)
            size += len(chunk)
    actual = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
    if actual != expected.rstrip("="):
        return f"has another hash than RECORD says ({algorithm}={actual}, RECORD: {entry.hash})"
    if entry.size is not None and entry.size != size:
        return f"is {size} bytes long, but RECORD says {entry.size}"
    return None
