"""What goes when the cache is full: the blobs and results that were used longest ago."""

from __future__ import annotations

import contextlib
import heapq
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_FILE_SYSTEM_BLOCK = 4096
_LOW_WATERMARK = 0.9
_RESERVE_AT_MOST = 1 << 30
_RESERVE_PART = 0.05
# Seconds between looks at the free space, and between counts of what is there.
_LOOK = 5.0
_COUNT = 600.0
_LOGGER = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A file of the cache: when it was last used (seconds since the epoch), bytes on disk, where."""

    used: float
    size: int
    path: str


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes: of the whole cache, and what is left free on its disk; seconds for which what was used stays."""

    max_size: int
    min_free: int
    keep_recent: float

    def excess(self, size: int, free: int) -> int:
        """How many bytes have to go, of a cache of that size on a disk with so much free; 0 when none."""
        allowed = min(self.max_size, max(0, size + free - self.min_free))
        return size - int(allowed * _LOW_WATERMARK) if size > allowed else 0


def default_reserve(folder: Path) -> int:
    """What is left free on a disk when nothing is said: a gigabyte, and on a small disk a twentieth of it."""
    return min(_RESERVE_AT_MOST, int(shutil.disk_usage(folder).total * _RESERVE_PART))


def size_on_disk(size: int) -> int:
    """Bytes that a file of that size takes, its place in a folder included."""
    return max(1, -(-size // _FILE_SYSTEM_BLOCK)) * _FILE_SYSTEM_BLOCK


def entries(folders: Iterable[Path]) -> Iterator[Entry]:
    """Every file in the folders of folders, in no order; what goes away meanwhile is left out."""
    for folder in folders:
        for part in os.scandir(folder):
            with os.scandir(part) as found:
                for file in found:
                    with contextlib.suppress(FileNotFoundError):
                        stat = file.stat()
                        yield Entry(stat.st_mtime, size_on_disk(stat.st_size), file.path)


def oldest(found: Iterable[Entry], excess: int, before: float) -> list[Entry]:
    """The fewest files, oldest first, that take ``excess`` bytes together, of those last used before a time.

    No more of them are held than are told, so that millions of files can be gone through.
    """
    chosen: list[tuple[float, Entry]] = []
    total = 0
    for entry in found:
        if entry.used >= before:
            continue
        heapq.heappush(chosen, (-entry.used, entry))
        total += entry.size
        while chosen and total - chosen[0][1].size >= excess:
            total -= heapq.heappop(chosen)[1].size
    return sorted(entry for _, entry in chosen)


class Evictor:
    """Keeps folders below their limits, from a thread of its own. ``evicted`` is called with the number of files."""

    def __init__(
        self, folders: Sequence[Path], limits: Limits, evicted: Callable[[int], None] = lambda _count: None
    ) -> None:
        self._folders = folders
        self._limits = limits
        self._evicted = evicted
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="eviction", daemon=True)
        self._size = 0
        self._count = 0
        self._counted = 0.0

    @property
    def usage(self) -> tuple[int, int]:
        """Bytes and files in the cache, as last counted and since then written."""
        with self._lock:
            return self._size, self._count

    def start(self) -> None:
        """Count what is there and go on watching."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, which may be in the middle of a scan, soon."""
        self._stopping = True
        self._wake.set()
        self._thread.join(1.0)

    def written(self, size: int) -> None:
        """Note that a file was stored."""
        with self._lock:
            self._size += size_on_disk(size)
            self._count += 1
            over = self._size > self._limits.max_size
        if over:
            self._wake.set()

    def look(self) -> None:
        """Count when it is time to, and evict when there is too much."""
        if time.monotonic() - self._counted > _COUNT or not self._counted:
            self._recount()
        excess = self._excess()
        if excess:
            # What was written over again was noted twice.
            self._recount()
            excess = self._excess()
        if excess:
            self._evict(excess)

    def _excess(self) -> int:
        return self._limits.excess(self.usage[0], shutil.disk_usage(self._folders[0]).free)

    def _recount(self) -> None:
        size = count = 0
        for entry in entries(self._folders):
            size += entry.size
            count += 1
        with self._lock:
            self._size = size
            self._count = count
        self._counted = time.monotonic()

    def _evict(self, excess: int) -> None:
        chosen = oldest(entries(self._folders), excess, time.time() - self._limits.keep_recent)
        gone = [entry for entry in chosen if _evict_file(entry)]
        freed = sum(entry.size for entry in gone)
        with self._lock:
            self._size -= freed
            self._count -= len(gone)
        self._evicted(len(gone))
        _LOGGER.info("evicted %d files, %d bytes", len(gone), freed)

    def _work(self) -> None:
        while not self._stopping:
            try:
                self.look()
            except OSError:
                _LOGGER.exception("the cache could not be gone through")
            self._wake.wait(_LOOK)
            self._wake.clear()


def _evict_file(entry: Entry) -> bool:
    """Remove a file that was not used since it was chosen."""
    with contextlib.suppress(FileNotFoundError):
        path = Path(entry.path)
        if path.stat().st_mtime == entry.used:
            path.unlink()
            return True
    return False
