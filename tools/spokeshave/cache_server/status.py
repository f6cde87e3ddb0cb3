"""Statistics of a server, written to a file in its directory, readable while it runs and afterwards."""

from __future__ import annotations

import fcntl
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Union

from spokeshave.report import write_report
from spokeshave_core.json_values import parse_any

LOCK = "lock"
STATUS = "status.json"
Fact = Union[str, int, float, None]


class Counts:
    """Thread-safe counts of events by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        """Count an event."""
        with self._lock:
            self._counts[name] += count

    def as_json(self) -> dict[str, int]:
        """Return the current counts."""
        with self._lock:
            return dict(self._counts)


def write_status(folder: Path, facts: Mapping[str, Fact]) -> None:
    """Write the statistics for readers."""
    write_report(folder / STATUS, {**facts, "written": time.time()})


def read_status(folder: Path) -> dict[str, Fact] | None:
    """Return the last statistics of a server in this directory. None if there never was one."""
    try:
        facts: dict[str, Fact] = parse_any((folder / STATUS).read_bytes())
    except (OSError, ValueError):
        return None
    return facts


def in_use(folder: Path) -> bool:
    """Return whether a server uses this directory."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def described(folder: Path, facts: Mapping[str, Fact] | None, running: bool) -> str:
    """Return the status as text for a user."""
    if facts is None:
        return f"No cache server has used {folder}."
    hits, misses = (int(facts.get(name) or 0) for name in ("hits", "misses"))
    lines = [
        f"{'running' if running else 'not running'}: {facts.get('address')} (process {facts.get('pid')})",
        f"folder:  {folder}",
        f"size:    {_gigabytes(facts.get('size'))} of {_gigabytes(facts.get('max_size'))}, {facts.get('files')} files",
        f"lookups: {hits + misses} since it started, {hits} of them hits",
        f"stored:  {facts.get('stored', 0)} blobs",
        f"removed: {facts.get('evicted', 0)} files evicted, {facts.get('damaged', 0)} that were damaged",
    ]
    return "\n".join(lines)


def _gigabytes(size: Fact) -> str:
    return f"{float(size or 0) / (1 << 30):.2f} GB"
