"""Files: read in pieces, hashed, and written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from spokeshave_core.files.drafts import draft_file, open_named

CHUNK = 1 << 20


def iter_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Return a stream's bytes in pieces of one fixed size."""
    return iter(lambda: stream.read(CHUNK), b"")


class HashingStream(io.RawIOBase):
    """A stream that hashes what is written, and passes it on. It cannot be read, and has no positions to return to.

    Args:
        target: The stream to write to. Without one, the bytes are only hashed.
    """

    def __init__(self, target: IO[bytes] | None = None) -> None:
        super().__init__()
        self._target = target
        self._digest = hashlib.sha256()
        self._size = 0

    @property
    def sha256(self) -> str:
        """Return the hash of all written bytes in hex."""
        return self._digest.hexdigest()

    def writable(self) -> bool:
        """Return that it is."""
        return True

    def tell(self) -> int:
        """Return the number of written bytes."""
        return self._size

    def write(self, data: Any, /) -> int:
        """Write and hash all bytes."""
        if self._target is not None:
            self._target.write(data)
        self._digest.update(data)
        self._size += len(data)
        return len(data)


def sha256_of_file(path: Path) -> tuple[str, int]:
    """Return a file's sha256 in hex, and its size in bytes."""
    with path.open("rb") as stream:
        return sha256_of_stream(stream)


def sha256_of_stream(stream: IO[bytes]) -> tuple[str, int]:
    """Return the sha256 in hex and the number of the bytes up to a stream's end."""
    hashing = HashingStream()
    shutil.copyfileobj(stream, hashing, CHUNK)
    return hashing.sha256, hashing.tell()


def copy_with_sha256(source: Path, destination: Path) -> tuple[str, int]:
    """Copy a file. Return the sha256 in hex and the size of the bytes that were written, which are read once."""
    with source.open("rb") as reading, open_named(destination, "x+", destination) as writing:
        hashing = HashingStream(writing)
        shutil.copyfileobj(reading, hashing, CHUNK)
    return hashing.sha256, hashing.tell()


@contextlib.contextmanager
def atomic_file(destination: Path) -> Iterator[IO[bytes]]:
    """Yield a new file that replaces `destination` when the block ends without an error.

    Until then, and after an error, `destination` is unchanged. Its directory is created if necessary, and the file's
    mode is 0644 independent of the umask.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    with draft_file(destination) as stream:
        yield stream


def write_bytes(destination: Path, data: bytes) -> None:
    """Write a whole file atomically. A pipe or a terminal (`/dev/stdout`) is written to, not replaced."""
    if destination.exists() and not destination.is_file():
        destination.write_bytes(data)
        return
    with atomic_file(destination) as stream:
        stream.write(data)
