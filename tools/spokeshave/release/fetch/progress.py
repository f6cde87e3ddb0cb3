"""What the user sees of downloads while they run: a line for each file, and once in a while how far all are."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spokeshave.sizes import human_size
from spokeshave_core.problems import Problem

if TYPE_CHECKING:
    from spokeshave.release.fetch.download import Download

_SECONDS_BETWEEN_LINES = 10


class Progress:
    """Lines about downloads, which run in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, str] = {}
        self._total: int | None = 0
        self._bytes = 0
        self._began_at = time.monotonic()
        self._printed_at = self._began_at

    def begin(self, downloads: Sequence[Download]) -> None:
        """Number the files."""
        self._numbers = {each.name: f"[{number}/{len(downloads)}]" for number, each in enumerate(downloads, 1)}
        sizes = [each.size for each in downloads]
        known = [size for size in sizes if size is not None]
        self._total = sum(known) if len(known) == len(sizes) else None

    def present(self, download: Download) -> None:
        """Print that a file is there already."""
        self.advanced(download.size or 0)
        self._print(f"{self._numbers[download.name]} {download.name} is already there")

    def fetched(self, download: Download, size: int, seconds: float) -> None:
        """Print that a file was fetched, with its speed."""
        speed = f", {human_size(size / seconds)}/s" if seconds else ""
        number = self._numbers[download.name]
        self._print(f"{number} {download.name} ({human_size(size)}) in {seconds:.1f} s{speed}")

    def failed(self, download: Download, problem: Problem) -> None:
        """Print that a file failed. Its whole error comes at the end."""
        self._print(f"{self._numbers[download.name]} {download.name} failed: {problem.message}")

    def advanced(self, count: int) -> None:
        """Note received bytes, and print how far all files are, once in a while."""
        with self._lock:
            self._bytes += count
            now = time.monotonic()
            if now - self._printed_at < _SECONDS_BETWEEN_LINES:
                return
            speed = human_size(self._bytes / (now - self._began_at))
            whole = f" of {human_size(self._total)}" if self._total else ""
            self._say(f"{human_size(self._bytes)}{whole}, {speed}/s")

    def _print(self, line: str) -> None:
        with self._lock:
            self._say(line)

    def _say(self, line: str) -> None:
        self._printed_at = time.monotonic()
        print(line, flush=True, file=sys.stdout)
