"""Atomic writes of files, and modification times that record the last use."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

# In seconds. An update at every use would be a disk write each; a minute's precision is sufficient for eviction.
_TOUCHED_AFTER = 60.0
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Of a wrong text in an error. Errors for clients are headers, which are short.
_SHOWN = 100


class BadDigestError(ValueError):
    """A hash that is not a SHA-256 and could name any file."""


def checked_sha256(text: str) -> str:
    """Return the text if it is a SHA-256 in the form of digests.

    Raises:
        BadDigestError: If it is not.
    """
    if not _SHA256.fullmatch(text):
        raise BadDigestError(f"{text[:_SHOWN]!r} is not a SHA-256 in lower-case hexadecimal digits")
    return text


def write_whole(destination: Path, temporary: Path, chunks: Iterable[bytes]) -> int:
    """Write a file atomically and return its size in bytes.

    A file that could not be written leaves nothing behind. The data is not synced to disk: damage from a power failure
    is detected when the file is read.

    Args:
        temporary: A directory of the same file system.
    """
    descriptor, name = tempfile.mkstemp(dir=temporary)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            size = stream.tell()
        Path(name).replace(destination)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return size


def touch(path: Path, stat: os.stat_result) -> None:
    """Record that a file is used now."""
    if time.time() - stat.st_mtime > _TOUCHED_AFTER:
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)


def remove_same(path: Path, stat: os.stat_result) -> bool:
    """Remove a file if it is still the inspected one and not a newer one. Return whether it was removed."""
    try:
        now = path.stat()
        if (now.st_dev, now.st_ino) != (stat.st_dev, stat.st_ino):
            return False
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def clear_folder(folder: Path) -> None:
    """Remove the temporary files of a killed server."""
    for path in folder.iterdir():
        path.unlink()
