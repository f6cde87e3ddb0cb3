"""The rules for RECORD: each file of the wheel is listed with the hash and size that it has."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from spokeshave.errors import InvalidWheelError
from spokeshave.release.check.file.wheel_file import WheelFile
from spokeshave.wheel.record import UNHASHED, RecordEntry, fault_of_chunks, parse_record
from spokeshave_core.problems import Problem

_REMEDY = "Build the wheel again; a file was changed after RECORD was written."


def check_record(wheel: WheelFile) -> Iterator[Problem]:
    """Check RECORD, and read every member for its hash. A damaged member is reported here."""
    place = wheel.place(f"{wheel.dist_info}/RECORD")
    data = wheel.metadata_file("RECORD")
    entries: Mapping[str, RecordEntry] | None = None
    if data is not None:
        try:
            # Some old tools wrote the separators of Windows. pip and PyPI accept them.
            entries = {path.replace("\\", "/"): line for path, line in parse_record(data, place).items()}
        except InvalidWheelError as err:
            yield from err.problems
    for member in wheel.members:
        try:
            fault = _fault(wheel, member, entries)
        except InvalidWheelError as err:
            yield from err.problems
        else:
            if fault:
                yield Problem(wheel.place(member), fault, _REMEDY)
    names = frozenset(wheel.archive.namelist())
    for path in sorted(set(entries or ()) - set(names)):
        if f"{path.rstrip('/')}/" not in names:
            yield Problem(place, f"lists {path}, which is not in the wheel", _REMEDY)


def _fault(wheel: WheelFile, member: str, entries: Mapping[str, RecordEntry] | None) -> str | None:
    """Return how a member contradicts RECORD. It is read to its end in any case, which checks its CRC."""
    chunks = wheel.chunks(member)
    unhashed = {f"{wheel.dist_info}/{name}" for name in UNHASHED}
    if entries is not None and member in entries and member not in unhashed:
        fault = fault_of_chunks(entries[member], chunks)
        # A line without a hash, or with an unknown one, leaves bytes to read.
        deque(chunks, maxlen=0)
        return fault
    deque(chunks, maxlen=0)
    is_listed = entries is None or member in entries or member in unhashed
    return None if is_listed else "is not listed in RECORD"
