"""RECORD: the list of a wheel's files with their hashes (the wheel specification, PEP 427 and 376)."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.files import iter_chunks
from spokeshave_core.problems import Problem, Problems

SHA256 = re.compile(r"sha256=([A-Za-z0-9_-]{43})")
# Python reads no number of thousands of digits.
_SIZE = re.compile(r"[0-9]{0,18}")
REMEDY = "Build the wheel again with a tool that follows the wheel specification."


@dataclass(frozen=True)
class RecordEntry:
    """A line of RECORD. RECORD itself, and signatures, have neither hash nor size."""

    path: str
    hash: str = ""
    size: int | None = None

    @property
    def sha256(self) -> bytes | None:
        """Return the file's sha256. None if the line has no hash or one of another kind."""
        match = SHA256.fullmatch(self.hash)
        return base64.urlsafe_b64decode(f"{match[1]}=") if match else None


def hashed_entry(path: str, sha256: bytes, size: int) -> RecordEntry:
    """Return the line of a file with a known hash."""
    return RecordEntry(path, f"sha256={base64.urlsafe_b64encode(sha256).decode().rstrip('=')}", size)


def render_record(entries: Iterable[RecordEntry]) -> bytes:
    """Render RECORD, with the lines in the given order."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for entry in entries:
        writer.writerow((entry.path, entry.hash, "" if entry.size is None else entry.size))
    return text.getvalue().encode("utf-8")


def parse_record(data: bytes, place: str) -> dict[str, RecordEntry]:
    """Return RECORD's lines by path.

    Args:
        place: The name of RECORD for messages.

    Raises:
        InvalidWheelError: For all malformed lines.
    """
    problems = Problems()
    entries: dict[str, RecordEntry] = {}
    for number, row in enumerate(csv_rows(data, place), 1):
        here = f"{place}, line {number}"
        if len(row) != 3 or not _SIZE.fullmatch(row[2]):
            problems.add(here, "is not of the form path,hash,size", REMEDY)
        elif row[0] in entries:
            problems.add(here, f"lists {row[0]} twice", REMEDY)
        else:
            entries[row[0]] = RecordEntry(row[0], row[1], int(row[2]) if row[2] else None)
    problems.raise_if_any(InvalidWheelError)
    return entries


def csv_rows(data: bytes, place: str) -> list[list[str]]:
    """Return RECORD's rows.

    Raises:
        InvalidWheelError: If it is not UTF-8 or not CSV.
    """
    try:
        return list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as err:
        problem = Problem(place, f"cannot be read as UTF-8 comma-separated values ({err})", REMEDY)
        raise InvalidWheelError(problem) from err


UNHASHED = ("RECORD", "RECORD.jws", "RECORD.p7s")


_HASHES = ("sha256", "sha384", "sha512")


def content_fault(entry: RecordEntry, path: Path) -> str | None:
    """Return how a file contradicts its line in RECORD."""
    with path.open("rb") as stream:
        return fault_of_chunks(entry, iter_chunks(stream))


def fault_of_chunks(entry: RecordEntry, chunks: Iterable[bytes]) -> str | None:
    """Return how the bytes of a file contradict its line in RECORD."""
    algorithm, _, expected = entry.hash.partition("=")
    if not entry.hash:
        return "has no hash in RECORD"
    if algorithm not in _HASHES:
        return f"has a hash of the kind {algorithm} in RECORD, which installers reject"
    digest = hashlib.new(algorithm)
    size = 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    actual = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
    if actual != expected.rstrip("="):
        return f"has another hash than RECORD lists ({algorithm}={actual}, RECORD: {entry.hash})"
    if entry.size is not None and entry.size != size:
        return f"is {size} bytes long, but RECORD lists {entry.size}"
    return None
