"""What a server has done so far, told by a file in its folder, so that anybody may look while it runs and after."""

from __future__ import annotations

import fcntl
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Union

from spokeshave.report import write_report

LOCK = "lock"
STATUS = "status.json"
Fact = Union[str, int, float, None]


class Counts:
    """Events by name, counted from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        """Count an event."""
        with self._lock:
            self._counts[name] += count

    def as_json(self) -> dict[str, int]:
        """The counts so far."""
        with self._lock:
            return dict(self._counts)


def write_status(folder: Path, facts: Mapping[str, Fact]) -> None:
    """Tell the facts to whoever looks."""
    write_report(folder / STATUS, {**facts, "written": time.time()})


def read_status(folder: Path) -> dict[str, Fact] | None:
    """What a server last told of this folder; None where none ever did."""
    try:
        facts: dict[str, Fact] = json.loads((folder / STATUS).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return facts


def in_use(folder: Path) -> bool:
    """Whether a server has this folder."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def described(folder: Path, facts: Mapping[str, Fact] | None, running: bool) -> str:
    """The status for a user."""
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
