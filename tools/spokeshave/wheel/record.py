"""RECORD: the list of a wheel's files with their hashes (the wheel specification, PEP 427 and 376)."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave.errors import InvalidWheelError
from spokeshave_core.problems import Problem, Problems

SHA256 = re.compile(r"sha256=([A-Za-z0-9_-]{43})")
REMEDY = "Build the wheel again with a tool that follows the wheel specification."


@dataclass(frozen=True)
class RecordEntry:
    """A line of RECORD. RECORD itself, and signatures, have neither hash nor size."""

    path: str
    hash: str = ""
    size: int | None = None

    @property
    def sha256(self) -> bytes | None:
        """The file's sha256; None when the line has no hash or one of another kind."""
        match = SHA256.fullmatch(self.hash)
        return base64.urlsafe_b64decode(f"{match[1]}=") if match else None


def hashed_entry(path: str, sha256: bytes, size: int) -> RecordEntry:
    """The line of a file whose hash is known."""
    return RecordEntry(path, f"sha256={base64.urlsafe_b64encode(sha256).decode().rstrip('=')}", size)


def render_record(entries: Iterable[RecordEntry]) -> bytes:
    """RECORD's bytes, with the lines in the order given."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for entry in entries:
        writer.writerow((entry.path, entry.hash, "" if entry.size is None else entry.size))
    return text.getvalue().encode("utf-8")


def parse_record(data: bytes, place: str) -> dict[str, RecordEntry]:
    """RECORD's lines by path.

    Raises InvalidWheelError with every line that is not of RECORD's form; ``place`` names it.
    """
    problems = Problems()
    entries: dict[str, RecordEntry] = {}
    for number, row in enumerate(csv_rows(data, place), 1):
        here = f"{place}, line {number}"
        if len(row) != 3 or not re.fullmatch(r"[0-9]*", row[2]):
            problems.add(here, "is not of the form path,hash,size", REMEDY)
        elif row[0] in entries:
            problems.add(here, f"lists {row[0]} a second time", REMEDY)
        else:
            entries[row[0]] = RecordEntry(row[0], row[1], int(row[2]) if row[2] else None)
    problems.raise_if_any(InvalidWheelError)
    return entries


def csv_rows(data: bytes, place: str) -> list[list[str]]:
    """RECORD's rows; raises InvalidWheelError when it is not UTF-8 or not CSV."""
    try:
        return list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as err:
        problem = Problem(place, f"cannot be read as UTF-8 comma-separated values ({err})", REMEDY)
        raise InvalidWheelError(problem) from err
