"""Downloads of files whose sha256 is known: several at once, each whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import atomic_file, sha256_of_file
from spokeshave.release.fetch.failures import FetchError, PassingError, Patience, StoppedError, damaged
from spokeshave.release.fetch.progress import Progress
from spokeshave.release.fetch.source import Source
from spokeshave.release.fetch.wanted_file import Download
from spokeshave_core.problems import Problem
from spokeshave_core.release.fetch import FetchedFile, FetchOutcome

# The age in seconds of a temporary file that no running download writes.
_STALE = 600
_POLL_SECONDS = 0.2
# The time for interrupted downloads to remove their temporary files.
_LAST_SECONDS = 1.0


@dataclass(frozen=True)
class Fetched:
    """What came of a download. `problem` is why it failed."""

    file: FetchedFile
    problem: Problem | None = None


@dataclass(frozen=True)
class Downloader:
    """What downloads are made with. `stop` is set when the command ends, so that no thread goes on."""

    source: Source
    patience: Patience
    progress: Progress
    stop: threading.Event
    jobs: int

    def run(self, downloads: Sequence[Download]) -> list[Fetched]:
        """Fetch files. One that is there with its sha256 is not fetched again; one with another is never replaced."""
        self.progress.begin(downloads)
        for folder in {download.target.parent for download in downloads}:
            folder.mkdir(parents=True, exist_ok=True)
        waiting: queue.SimpleQueue[tuple[int, Download]] = queue.SimpleQueue()
        for each in enumerate(downloads):
            waiting.put(each)
        results: dict[int, Fetched] = {}
        errors: list[BaseException] = []

        def work() -> None:
            try:
                with contextlib.suppress(queue.Empty):
                    while not self.stop.is_set():
                        number, download = waiting.get_nowait()
                        results[number] = self._fetched(download)
            except BaseException as err:
                errors.append(err)
                self.stop.set()

        # Daemons, so that a user who interrupts them need not wait for a server that does not answer.
        threads = [threading.Thread(target=work, daemon=True) for _ in range(min(self.jobs, len(downloads)))]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                _join(threads, _POLL_SECONDS)
        except BaseException:
            self.stop.set()
            _join(threads, _LAST_SECONDS)
            raise
        if errors:
            raise errors[0]
        return [results[number] for number in range(len(downloads))]

    def _fetched(self, download: Download) -> Fetched:
        try:
            if download.target.exists():
                size = self._check_present(download)
                outcome = FetchOutcome.ALREADY_THERE
                self.progress.present(download)
            else:
                began = time.monotonic()
                size = self.patience.again(lambda: self._transfer(download))
                outcome = FetchOutcome.FETCHED
                self.progress.fetched(download, size, time.monotonic() - began)
        except FetchError as err:
            problem = err.problems[0]
        except OSError as err:
            reason = err.strerror or err
            problem = Problem(str(err.filename or download.target), f"cannot be written: {reason}", "Check the disk.")
        else:
            return Fetched(_file(download, size, outcome))
        self.progress.failed(download, problem)
        return Fetched(_file(download, download.size, FetchOutcome.FAILED), problem)

    def _check_present(self, download: Download) -> int:
        sha256, size = sha256_of_file(download.target)
        if sha256 != download.sha256:
            message = f"is there already with other bytes: its sha256 is {sha256}, and {download.sha256} is wanted"
            raise FetchError(Problem(str(download.target), message, "Move it away, or choose another --output."))
        return size

    def _transfer(self, download: Download) -> int:
        """Download a file in one attempt. Return its size."""
        _remove_stale(download.target)
        digest = hashlib.sha256()
        # The source is opened first, so that a refusal leaves nothing.
        opened = self.source.open(download.name, download.url)
        with opened as (pieces, length), atomic_file(download.target) as stream:
            for piece in pieces:
                if self.stop.is_set():
                    raise StoppedError(Problem(download.name, "was interrupted", "Run the command again."))
                digest.update(piece)
                stream.write(piece)
                self.progress.advanced(len(piece))
            size = stream.tell()
            self._check(download, digest.hexdigest(), size, length)
        return size

    def _check(self, download: Download, sha256: str, size: int, length: int | None) -> None:
        if sha256 == download.sha256:
            return
        whole = download.size if length is None else length
        if whole is not None and size < whole:
            message = f"ended after {size:,} of {whole:,} bytes"
            raise PassingError(Problem(download.name, message, "Run the command again: it continues."))
        raise damaged(
            download.name,
            f"{self.source.label} gives other bytes than it should: their sha256 is {sha256}, and not "
            f"{download.sha256}",
        )


def _join(threads: Sequence[threading.Thread], seconds: float) -> None:
    """Wait for threads to end, for some seconds at most."""
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _file(download: Download, size: int | None, outcome: FetchOutcome) -> FetchedFile:
    return FetchedFile(name=download.name, sha256=download.sha256, size=size, outcome=outcome)


def _remove_stale(target: Path) -> None:
    """Remove the temporary files of a target that killed downloads left."""
    for path in target.parent.glob(f".{target.name[:64]}.*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < time.time() - _STALE:
                path.unlink()
