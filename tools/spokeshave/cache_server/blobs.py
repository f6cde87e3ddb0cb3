"""Blob store with one file per blob. A blob is reported as present only if its content matches its digest."""

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
    """A blob that is not in the cache, or was damaged and has been removed."""


class Blobs:
    """A directory of blobs, each named by the SHA-256 of its content, in the layout of BuildGrid's own disk storage.

    Args:
        written: Called with the size in bytes of each stored blob.
        damaged: Called for each blob that was removed because it was damaged.
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
        # If one blob was damaged, others may be too. From then on each blob is read once before it is reported as
        # present. Otherwise the rebuild caused by the first one would not store the others again, and each later run
        # would find another one.
        self._suspicious = False
        self._found_right: set[str] = set()
        self._temporary.mkdir(parents=True, exist_ok=True)
        clear_folder(self._temporary)
        for first in range(256):
            (self._objects / f"{first:02x}").mkdir(parents=True, exist_ok=True)

    def has(self, sha256: str, size: int) -> bool:
        """Return whether a blob of that size is present, and mark it as used. A damaged blob is removed."""
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
        """Return a whole blob.

        Raises:
            MissingBlobError: If it is not present.
        """
        return b"".join(self.stream(sha256, size, _BLOCK))

    def stream(self, sha256: str, size: int, block: int, offset: int = 0, limit: int = 0) -> Iterator[bytes]:
        """Yield a blob, or `limit` bytes of it (0: to its end), in pieces.

        The last piece is returned only after the whole content is verified, so that a client never receives a complete
        damaged blob.

        Raises:
            MissingBlobError: If it is not present or damaged.
        """
        path = self._path(sha256)
        with self._opened(path, sha256, size) as file:
            wanted = min(limit or size, size - offset)
            if wanted < size and _sha256_of(file) != sha256:
                raise self._remove_damaged(path, file)
            file.seek(offset)
            if wanted < size:
                yield from _pieces(file, block, wanted)
                return
            hasher = hashlib.sha256()
            previous = b""
            for piece in _pieces(file, block, size):
                hasher.update(piece)
                if previous:
                    yield previous
                previous = piece
            if hasher.hexdigest() != sha256:
                raise self._remove_damaged(path, file)
            yield previous

    def open(self, sha256: str, size: int) -> IO[bytes]:
        """Open a blob as a file, after its whole content was verified.

        Raises:
            MissingBlobError: If it is not present or damaged.
        """
        path = self._path(sha256)
        file = self._opened(path, sha256, size)
        try:
            if _sha256_of(file) != sha256:
                raise self._remove_damaged(path, file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def write(self, sha256: str, chunks: Iterable[bytes]) -> None:
        """Store a blob whose content the caller has verified or verifies while it is read."""
        self._written(write_whole(self._path(sha256), self._temporary, chunks))

    def delete(self, sha256: str) -> None:
        """Remove a blob, if it exists."""
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
        """Return whether a blob's content matches its name. Remove it if not."""
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            if _sha256_of(file) == sha256:
                self._found_right.add(sha256)
                return True
            self._remove_damaged(path, file)
        return False

    def _remove_damaged(self, path: Path, file: IO[bytes]) -> MissingBlobError:
        self._suspicious = True
        self._found_right.discard(path.parent.name + path.name)
        if remove_same(path, os.fstat(file.fileno())):
            _LOGGER.warning("the blob %s was damaged on disk; it was removed and will be built again", path)
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
