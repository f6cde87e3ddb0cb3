"""Files that are written whole or not at all, and whose times say when they were last used."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

# Every use would be a write to the disk; what was used is told apart to the minute, which is enough to evict by.
_TOUCHED_AFTER = 60.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BadDigestError(ValueError):
    """A hash that is no SHA-256, and might name any file."""


def checked_sha256(text: str) -> str:
    """The text, when it is a SHA-256 as digests have it; raises `BadDigestError`."""
    if not _SHA256.fullmatch(text):
        raise BadDigestError(f"{text!r} is no SHA-256 in lower-case hexadecimal digits")
    return text


def write_whole(destination: Path, temporary: Path, chunks: Iterable[bytes]) -> int:
    """Write a file that appears under its name when it is complete; its size in bytes.

    ``temporary`` is a folder of the same file system. Nothing is left of a file that could not be written.
    Nothing waits for the disk either: what a power cut damages is found when it is read.
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
    """Note that a file is used now."""
    if time.time() - stat.st_mtime > _TOUCHED_AFTER:
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)


def remove_same(path: Path, stat: os.stat_result) -> bool:
    """Remove a file that is still the one that was looked at, and not one that was put there since."""
    try:
        now = path.stat()
        if (now.st_dev, now.st_ino) != (stat.st_dev, stat.st_ino):
            return False
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def clear_folder(folder: Path) -> None:
    """Remove the files that a killed server left in a folder of temporary files."""
    for path in folder.iterdir():
        path.unlink()
