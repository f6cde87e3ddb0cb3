"""The lock of an index, which one writer holds. The kernel releases it when the process ends."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

_PAUSE_SECONDS = 0.05


@contextlib.contextmanager
def exclusive(path: Path, announce: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a file, which is created if necessary and never removed.

    Args:
        announce: Is called once if another process holds the lock, before this one waits for it.
    """
    with path.open("ab") as stream:
        if not _lock(stream):
            announce()
            while not _lock(stream):
                time.sleep(_PAUSE_SECONDS)
        try:
            yield
        finally:
            _unlock(stream)


# The modules of the systems are imported when they are used, so that each command shows its help on each system.
if sys.platform == "win32":

    def _lock(stream: IO[bytes]) -> bool:
        """Lock a file, if no other process has."""
        import msvcrt

        stream.seek(0)
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(stream: IO[bytes]) -> None:
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

else:

    def _lock(stream: IO[bytes]) -> bool:
        """Lock a file, if no other process has."""
        import fcntl

        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(stream: IO[bytes]) -> None:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_UN)
