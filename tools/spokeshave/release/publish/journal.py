"""The journal of a publication: what was sent, written before each upload begins.

It is for people and for a second look: the truth is the index, so a journal may be lost, may come from another machine,
and its last line may be cut. It has names, hashes and times, and never a credential.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave_core.reports.release import ReleaseFile

SENDING = "sending"
ENDING = ".jsonl"
_LONGEST = 60


@dataclass(frozen=True)
class Entry:
    """A line of a journal: what happened to a file."""

    event: str
    file: str
    sha256: str


class Journal:
    """The journal of one record for one destination."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._error: OSError | None = None

    @property
    def error(self) -> OSError | None:
        """The first error of a write. A publication goes on without a journal."""
        return self._error

    def write(self, event: str, file: ReleaseFile, detail: str = "") -> None:
        """Append a line, and wait until the disk has it."""
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        fields = {"time": now, "event": event, "file": file.name, "sha256": file.sha256, "detail": detail}
        line = json.dumps({name: value for name, value in fields.items() if value}) + "\n"
        try:
            self._append(line.encode())
        except OSError as err:
            self._error = self._error or err

    def _append(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as stream:
            # A line that a killed run wrote in part stays alone.
            if stream.tell() and not _ends_a_line(stream.fileno(), stream.tell()):
                line = b"\n" + line
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())

    def entries(self) -> list[Entry]:
        """Return the lines that can be read, in their order."""
        try:
            text = self.path.read_text("utf-8", "replace")
        except OSError:
            return []
        return list(_parse(text))

    def sending(self) -> frozenset[str]:
        """Return the files whose last line says that their upload began."""
        last = {entry.file: entry.event for entry in self.entries()}
        return frozenset(name for name, event in last.items() if event == SENDING)


def _ends_a_line(descriptor: int, size: int) -> bool:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def _parse(text: str) -> Iterator[Entry]:
    for line in text.splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
            fields = json.loads(line)
            entry = Entry(fields["event"], fields["file"], fields["sha256"])
            if isinstance(fields, Mapping) and all(isinstance(each, str) for each in vars(entry).values()):
                yield entry


def journal_path(folder: Path, destination: str) -> Path:
    """Return the journal of a destination: readable, and another one for each destination."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", re.sub(r"^https?://", "", destination)).strip("-.")[:_LONGEST]
    return folder / f"{readable}-{hashlib.sha256(destination.encode()).hexdigest()[:8]}{ENDING}"
