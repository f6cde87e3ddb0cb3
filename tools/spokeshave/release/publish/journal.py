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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.upload.attempt import AttemptStatus
from spokeshave_core.json_values import parse_any
from spokeshave_core.release.record import ReleaseFile

BEGINS = "begins"
SENDING = "sending"
# The destination lists the file, with the bytes of the record.
LISTED = "listed"
ENDING = ".jsonl"
_DESTINATION = "destination"
_URL = "repository-url"
_CHECK_URL = "check-url"
_ONLY = "only"
_LONGEST = 60
# Answers after which the destination does not have the file.
_NOT_TAKEN = (AttemptStatus.REFUSED.value, AttemptStatus.EXPIRED.value)


@dataclass(frozen=True)
class Entry:
    """A line of a journal: what happened to a file."""

    event: str
    file: str
    sha256: str


@dataclass(frozen=True)
class KnownDestination:
    """A destination that a journal names, as the user gave it.

    Attributes:
        url: The upload URL of a name that ~/.pypirc may not have.
        check_url: The URL of its simple pages.
    """

    text: str
    url: str | None = None
    check_url: str | None = None


class Journal:
    """The journal of one record for one destination."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._error: OSError | None = None

    @property
    def error(self) -> OSError | None:
        """The first error of a write. A publication goes on without a journal."""
        return self._error

    def begin(self, destination: KnownDestination, only: Sequence[str] = ()) -> None:
        """Append the line of a run, which names the destination. Its URLs have no credentials.

        Args:
            only: The globs of `--only`, if a part of the release is meant.
        """
        urls = {_URL: destination.url, _CHECK_URL: destination.check_url}
        given = {key: url for key, url in urls.items() if url}
        if only:
            given[_ONLY] = " ".join(only)
        self._write({"event": BEGINS, _DESTINATION: destination.text, **given})

    def write(self, event: str, file: ReleaseFile, detail: str = "") -> None:
        """Append a line, and wait until the disk has it."""
        self._write(
            {"event": event, "file": file.name, "sha256": file.sha256, **({"detail": detail} if detail else {})}
        )

    def _write(self, fields: Mapping[str, str]) -> None:
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        try:
            self._append((json.dumps({"time": now, **fields}) + "\n").encode())
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
        """Return the lines about files that can be read, in their order."""
        found = (Entry(line.get("event", ""), line.get("file", ""), line.get("sha256", "")) for line in self._lines())
        return [entry for entry in found if entry.file]

    def destination(self) -> KnownDestination | None:
        """Return the destination of the last run; None if the journal does not name it."""
        named = [line for line in self._lines() if line.get(_DESTINATION)]
        last = named[-1] if named else {}
        return KnownDestination(last[_DESTINATION], last.get(_URL), last.get(_CHECK_URL)) if last else None

    def only(self) -> tuple[str, ...]:
        """Return the globs of all runs, if each of them was for a part. Empty if the whole release was meant."""
        begun = [line for line in self._lines() if line.get("event") == BEGINS]
        if not all(line.get(_ONLY) for line in begun):
            return ()
        return tuple(dict.fromkeys(glob for line in begun for glob in line[_ONLY].split()))

    def _lines(self) -> Iterator[Mapping[str, str]]:
        try:
            text = self.path.read_text("utf-8", "replace")
        except OSError:
            return
        yield from _parse(text)

    def sending(self) -> frozenset[str]:
        """Return the files whose last line says that their upload began."""
        last = {entry.file: entry.event for entry in self.entries()}
        return frozenset(name for name, event in last.items() if event == SENDING)

    def sent(self, files: Iterable[ReleaseFile]) -> frozenset[str]:
        """Return which of the files the destination may have: their upload began, and was not refused."""
        last = {(entry.file, entry.sha256): entry.event for entry in self.entries()}
        return frozenset(
            file.name for file in files if last.get((file.name, file.sha256), _NOT_TAKEN[0]) not in _NOT_TAKEN
        )


def _ends_a_line(descriptor: int, size: int) -> bool:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"


def _parse(text: str) -> Iterator[Mapping[str, str]]:
    for line in text.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            fields = parse_any(line)
            if isinstance(fields, dict) and all(isinstance(value, str) for value in fields.values()):
                yield fields


def journal_path(folder: Path, destination: str) -> Path:
    """Return the journal of a destination: readable, and another one for each destination."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", re.sub(r"^https?://", "", destination)).strip("-.")[:_LONGEST]
    return folder / f"{readable}-{hashlib.sha256(destination.encode()).hexdigest()[:8]}{ENDING}"


def known_parts(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the globs of each destination in a folder of journals that only got a part."""
    journals = [Journal(path) for path in sorted(folder.glob(f"*{ENDING}"))]
    found = {named.text: journal.only() for journal in journals if (named := journal.destination())}
    return {text: globs for text, globs in found.items() if globs}


def known_destinations(folder: Path) -> list[KnownDestination]:
    """Return the destinations of the journals in a folder, sorted."""
    found = (Journal(path).destination() for path in folder.glob(f"*{ENDING}"))
    return sorted({each for each in found if each}, key=lambda each: (each.text, each.url or "", each.check_url or ""))
