"""What the user sees of a publication while it runs: a line for each file, and the reason of each pause."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from spokeshave.release.publish.publication import FileProgress
from spokeshave.release.publish.steps import Pause
from spokeshave.sizes import human_size
from spokeshave.upload.attempt import Attempt
from spokeshave_core.release.record import ReleaseFile

_SECONDS_BETWEEN_LINES = 10


def say(line: str) -> None:
    """Print a line. A reader that has ended, or a full disk, does not end a publication."""
    try:
        print(line, flush=True)
    except OSError:
        # What is printed later goes nowhere, so that Python's own flush at the end does not fail too.
        with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


class Progress:
    """Lines about a publication, without credentials.

    Args:
        files: In the order in which they are sent; none if nothing is sent.
        scrub: Removes credentials from texts of others.
        clock: The time in seconds, of any origin.
    """

    def __init__(
        self,
        files: Sequence[ReleaseFile],
        scrub: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._numbers = {file.name: f"[{number}/{len(files)}]" for number, file in enumerate(files, 1)}
        self._scrub = scrub
        self._clock = clock
        self._last = ""
        self._began_at = 0.0
        self._printed_at = 0.0

    def sending(self, file: ReleaseFile) -> None:
        """Print that an upload begins."""
        self._began_at = self._clock()
        self._print(f"{self._numbers[file.name]} sending {file.name} ({human_size(file.size)})")

    def advanced(self, file: ReleaseFile, sent: int, total: int) -> None:
        """Print how much of an upload is sent, once in a while. A terminal has a bar instead."""
        now = self._clock()
        if sys.stdout.isatty() or now - self._printed_at < _SECONDS_BETWEEN_LINES:
            return
        speed = human_size(sent / (now - self._began_at))
        self._print(f"{self._numbers[file.name]} {sent * 100 // total}% of {human_size(total)}, {speed}/s")

    def sent(self, file: ReleaseFile, attempt: Attempt, seconds: float) -> None:
        """Print how an upload ended, with its speed."""
        if attempt.problem is not None:
            self._print(f"{self._numbers[file.name]} {attempt.status.value}: {attempt.problem.message}")
            return
        speed = human_size(file.size / seconds) if seconds else "no time"
        self._print(f"{self._numbers[file.name]} sent in {seconds:.1f} s, {speed}/s")

    def stored(self, state: FileProgress) -> None:
        """Print that the index has a file that this run did not send."""
        if not state.attempts and state.file.name in self._numbers:
            self._print(f"{self._numbers[state.file.name]} {state.file.name} is already there")

    def pause(self, pause: Pause) -> None:
        """Print why nothing happens, unless the last line says so."""
        self._print(f"waiting {pause.seconds:.0f} s: {pause.reason}")

    def _print(self, line: str) -> None:
        if line != self._last:
            say(self._scrub(line))
        self._last = line
        self._printed_at = self._clock()
