"""Eviction of the least recently used blobs and results when the cache is full."""

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
# Seconds between checks of the free space, and between counts of the files.
_LOOK = 5.0
_COUNT = 600.0
_LOGGER = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A file of the cache: time of its last use (seconds since the epoch), bytes on disk, and path."""

    used: float
    size: int
    path: str


@dataclass(frozen=True)
class Limits:
    """Limits of the cache.

    Attributes:
        max_size: The size of the whole cache in bytes.
        min_free: The free space to keep on its disk, in bytes.
        keep_recent: Recently used files are kept for this time, in seconds.
    """

    max_size: int
    min_free: int
    keep_recent: float

    def excess(self, size: int, free: int) -> int:
        """Return the number of bytes to evict, for a cache of `size` bytes on a disk with `free` bytes. 0 if none."""
        allowed = min(self.max_size, max(0, size + free - self.min_free))
        return size - int(allowed * _LOW_WATERMARK) if size > allowed else 0


def default_reserve(folder: Path) -> int:
    """Return the default free space to keep: a gigabyte, or a twentieth of a small disk."""
    return min(_RESERVE_AT_MOST, int(shutil.disk_usage(folder).total * _RESERVE_PART))


def size_on_disk(size: int) -> int:
    """Return the bytes that a file takes on disk, including its directory entry."""
    return max(1, -(-size // _FILE_SYSTEM_BLOCK)) * _FILE_SYSTEM_BLOCK


def entries(folders: Iterable[Path]) -> Iterator[Entry]:
    """Yield all files two levels below a directory, in any order. Files that are deleted meanwhile are skipped."""
    for folder in folders:
        for part in os.scandir(folder):
            with os.scandir(part) as found:
                for file in found:
                    with contextlib.suppress(FileNotFoundError):
                        stat = file.stat()
                        yield Entry(stat.st_mtime, size_on_disk(stat.st_size), file.path)


def oldest(found: Iterable[Entry], excess: int, before: float) -> list[Entry]:
    """Return the fewest and oldest files whose sizes sum up to `excess` bytes, among those last used before a time.

    Memory is bounded by the number of returned files, so that millions of files can be scanned.
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
    """Keeps directories below their limits from a thread of its own. `evicted` is called with the number of files."""

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
        """Return bytes and files in the cache: the last count plus later writes."""
        with self._lock:
            return self._size, self._count

    def start(self) -> None:
        """Start to count and to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread soon, even during a scan."""
        self._stopping = True
        self._wake.set()
        self._thread.join(1.0)

    def written(self, size: int) -> None:
        """Record that a file was stored."""
        with self._lock:
            self._size += size_on_disk(size)
            self._count += 1
            over = self._size > self._limits.max_size
        if over:
            self._wake.set()

    def look(self) -> None:
        """Count the files if it is time to, and evict files if there are too many."""
        if time.monotonic() - self._counted > _COUNT or not self._counted:
            self._recount()
        excess = self._excess()
        if excess:
            # Overwritten files were counted twice.
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
        removed = [entry for entry in chosen if _evict_file(entry)]
        freed = sum(entry.size for entry in removed)
        with self._lock:
            self._size -= freed
            self._count -= len(removed)
        self._evicted(len(removed))
        _LOGGER.info("evicted %d files, %d bytes", len(removed), freed)

    def _work(self) -> None:
        while not self._stopping:
            try:
                self.look()
            except OSError:
                _LOGGER.exception("the cache folder could not be scanned")
            self._wake.wait(_LOOK)
            self._wake.clear()


def _evict_file(entry: Entry) -> bool:
    """Remove a file unless it was used since it was selected. Return whether it was removed."""
    with contextlib.suppress(FileNotFoundError):
        path = Path(entry.path)
        if path.stat().st_mtime == entry.used:
            path.unlink()
            return True
    return False
