"""What the user sees of downloads while they run: a line for each file, and once in a while how far all are."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from spokeshave.release.fetch.wanted_file import Download
from spokeshave.sizes import human_size
from spokeshave_core.problems import Problem

_SECONDS_BETWEEN_LINES = 10


class Progress:
    """Lines about downloads, which run in several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done = 0
        self._count = 0
        self._total: int | None = 0
        self._bytes = 0
        self._began_at = time.monotonic()
        self._printed_at = self._began_at

    def begin(self, downloads: Sequence[Download]) -> None:
        """Note what is downloaded."""
        shown = [each for each in downloads if not each.is_quiet]
        sizes = [each.size for each in shown if each.size is not None]
        self._count = len(shown)
        self._total = sum(sizes) if len(sizes) == len(shown) else None

    def present(self, download: Download) -> None:
        """Print that a file is there already."""
        self.advanced(download.size or 0)
        self._print(download, "is already there")

    def fetched(self, download: Download, size: int, seconds: float) -> None:
        """Print that a file was fetched, with its speed."""
        speed = f", {human_size(size / seconds)}/s" if seconds else ""
        self._print(download, f"({human_size(size)}) in {seconds:.1f} s{speed}")

    def failed(self, download: Download, problem: Problem) -> None:
        """Print that a file failed. Its whole error comes at the end."""
        self._print(download, f"failed: {problem.message}")

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

    def _print(self, download: Download, what: str) -> None:
        if download.is_quiet:
            return
        with self._lock:
            self._done += 1
            self._say(f"[{self._done}/{self._count}] {download.target.name} {what}")

    def _say(self, line: str) -> None:
        self._printed_at = time.monotonic()
        print(line, flush=True)
