"""The check of RECORD against the wheel's files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spokeshave.errors import InvalidWheelError
from spokeshave.verify.findings import Subject, finding, findings
from spokeshave.wheel.record import UNHASHED, RecordEntry, content_fault, parse_record
from spokeshave_core.outcomes import Rule
from spokeshave_core.reports.verify import Finding

_REMEDY = "Repair the wheel again; a file was changed after RECORD was written."


def check_record(subject: Subject) -> Iterator[Finding]:
    """Check that every file has one line with its hash and size, and every line has its file."""
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
