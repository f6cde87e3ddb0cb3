"""The blobs of the cache, a file for each, which are never told to be there when they are not what their name says."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from spokeshave.cache_server.files import checked_sha256, clear_folder, remove_same, touch, write_whole

_BLOCK = 1 << 20
_LOGGER = logging.getLogger(__name__)


class MissingBlobError(LookupError):
    """A blob that is not in the cache, or was not what it should be and is not there any more."""


class Blobs:
    """A folder of blobs, each named by the SHA-256 of its bytes, laid out as BuildGrid's own storage on disk.

    ``written`` is called with the size in bytes of each blob that was stored, ``damaged`` for each that was removed.
    """

    def __init__(
        self,
        folder: Path,
        written: Callable[[int], None] = lambda _size: None,
        damaged: Callable[[], None] = lambda: None,
    ) -> None:
        self._objects = folder / "cas/objects"
        self._temporary = folder / "tmp"
        self._written = written
        self._damaged = damaged
        # Where one blob was damaged others may be. From then on each is read once before it is said to be there: else
        # the rebuild that the first one costs would not store the others anew, and each next run find another.
        self._suspicious = False
        self._found_right: set[str] = set()
        self._temporary.mkdir(parents=True, exist_ok=True)
        clear_folder(self._temporary)
        for first in range(256):
            (self._objects / f"{first:02x}").mkdir(parents=True, exist_ok=True)

    def has(self, sha256: str, size: int) -> bool:
        """Whether a blob is there, of that size; it counts as used. One that is found damaged is removed."""
        path = self._path(sha256)
        try:
            stat = path.stat()
        except FileNotFoundError:
            return False
        if stat.st_size != size:
            self._judge(path, sha256)
            return False
        if self._suspicious and sha256 not in self._found_right and not self._judge(path, sha256):
            return False
        touch(path, stat)
        return True

    def read(self, sha256: str, size: int) -> bytes:
        """A whole blob; raises `MissingBlobError`."""
        return b"".join(self.stream(sha256, size, _BLOCK))

    def stream(self, sha256: str, size: int, block: int, offset: int = 0, limit: int = 0) -> Iterator[bytes]:
        """A blob, or ``limit`` bytes of it (0: to its end), in pieces; raises `MissingBlobError`.

        The last piece is held back until the whole is known to be right, so nobody ever has a whole wrong blob.
        """
        path = self._path(sha256)
        with self._opened(path, sha256, size) as file:
            wanted = min(limit or size, size - offset)
            if wanted < size and _sha256_of(file) != sha256:
                raise self._gone(path, file)
            file.seek(offset)
            if wanted < size:
                yield from _pieces(file, block, wanted)
                return
            hasher = hashlib.sha256()
            held = b""
            for piece in _pieces(file, block, size):
                hasher.update(piece)
                if held:
                    yield held
                held = piece
            if hasher.hexdigest() != sha256:
                raise self._gone(path, file)
            yield held

    def open(self, sha256: str, size: int) -> IO[bytes]:
        """A blob as a file, of which all was read and found right; raises `MissingBlobError`."""
        path = self._path(sha256)
        file = self._opened(path, sha256, size)
        try:
            if _sha256_of(file) != sha256:
                raise self._gone(path, file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def write(self, sha256: str, chunks: Iterable[bytes]) -> None:
        """Store a blob whose bytes the caller has checked, or checks while they are taken."""
        self._written(write_whole(self._path(sha256), self._temporary, chunks))

    def delete(self, sha256: str) -> None:
        """Remove a blob; one that is not there is no error."""
        with contextlib.suppress(FileNotFoundError):
            self._path(sha256).unlink()

    def _opened(self, path: Path, sha256: str, size: int) -> IO[bytes]:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise MissingBlobError(path.name) from None
        stat = os.fstat(file.fileno())
        if stat.st_size != size:
            file.close()
            self._judge(path, sha256)
            raise MissingBlobError(path.name)
        touch(path, stat)
        return file

    def _judge(self, path: Path, sha256: str) -> bool:
        """Whether a blob is what its name says; one that is not is removed."""
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            if _sha256_of(file) == sha256:
                self._found_right.add(sha256)
                return True
            self._gone(path, file)
        return False

    def _gone(self, path: Path, file: IO[bytes]) -> MissingBlobError:
        self._suspicious = True
        self._found_right.discard(path.parent.name + path.name)
        if remove_same(path, os.fstat(file.fileno())):
            _LOGGER.warning("the blob %s was damaged on disk; it is removed and will be made again", path)
            self._damaged()
        return MissingBlobError(path.name)

    def _path(self, sha256: str) -> Path:
        return self._objects / checked_sha256(sha256)[:2] / sha256[2:]


def _pieces(file: IO[bytes], block: int, wanted: int) -> Iterator[bytes]:
    while wanted > 0:
        piece = file.read(min(block, wanted))
        if not piece:
            return
        wanted -= len(piece)
        yield piece


def _sha256_of(file: IO[bytes]) -> str:
    file.seek(0)
    hasher = hashlib.sha256()
    for piece in iter(lambda: file.read(_BLOCK), b""):
        hasher.update(piece)
    return hasher.hexdigest()
