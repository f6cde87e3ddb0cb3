"""Tar archives of others, read so that a small archive neither fills memory nor takes forever.

Python's `tarfile` follows a negative size backwards, reads a long name of any size, nests a call in each header that
describes the next one, fills sparse files with zeros of any size, and takes damage in the middle for the end.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, cast

DAMAGES = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, OverflowError)
"""What the functions of this module raise for damaged archives. Some errors are of the system."""

# Warehouse's limits for archives that are small and become huge.
LARGEST_RATIO = 50
LARGE = 64 << 20
# Of a header that describes the next member, such as one with a long name.
_LONGEST_HEADER = 1 << 20
_DESCRIPTIONS = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)


class CheckedMember(tarfile.TarInfo):
    """A member whose header leads forwards."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str, errors: str) -> Any:
        """Parse a header.

        Raises:
            ReadError: If its size cannot be.
        """
        member = super().frombuf(buf, encoding, errors)
        if member.size < 0 or (member.type in _DESCRIPTIONS and member.size > _LONGEST_HEADER):
            raise tarfile.ReadError(f"a header has the size {member.size}")
        return member

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Any:
        """Read the next member.

        Raises:
            ReadError: If the one after it would not follow, too many headers describe it, or it is a sparse file.
        """
        return _next_member(super().fromtarfile, tarfile)


def _next_member(read: Any, archive: Any) -> Any:
    before = archive.offset
    try:
        member = read(archive)
    except RecursionError as err:
        raise tarfile.ReadError("too many headers describe one member") from err
    if archive.offset < before or member.size < 0:
        raise tarfile.ReadError(f"a member has the size {member.size}")
    if member.issparse():
        raise tarfile.ReadError(f"{ascii(member.name)[1:-1]} is a sparse file, which PyPI refuses")
    return member


def largest_content(packed_size: int) -> int:
    """Return the size up to which an archive may unpack."""
    return max(LARGE, LARGEST_RATIO * packed_size)


class _LimitedStream(io.RawIOBase):
    """An unpacked stream that ends with an error when it is far longer than the packed one."""

    def __init__(self, stream: IO[bytes], packed_size: int) -> None:
        super().__init__()
        self._stream = stream
        self._most = largest_content(packed_size)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET:
            self._check(offset)
        self._position = self._stream.seek(offset, whence)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._most - self._position + 1 if size is None or size < 0 else size
        data = self._stream.read(min(wanted, self._most - self._position + 1))
        self._position += len(data)
        self._check(self._position)
        return data

    def _check(self, position: int) -> None:
        if position > self._most:
            raise tarfile.ReadError(f"it unpacks to more than {LARGEST_RATIO} times its size")


@contextlib.contextmanager
def open_gzipped_tar(stream: IO[bytes]) -> Iterator[tarfile.TarFile]:
    """Open a gzipped tar archive.

    Raises:
        ReadError: If it is not one, or becomes huge. One of `DAMAGES` for other damage, and from its members.
    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    with gzip.GzipFile(fileobj=stream, mode="rb") as unpacked:
        limited = cast("IO[bytes]", _LimitedStream(cast("IO[bytes]", unpacked), size))
        with open_tar(limited) as archive:
            yield archive


def open_tar(stream: IO[bytes]) -> tarfile.TarFile:
    """Open a tar archive that is not compressed.

    Raises:
        ReadError: If it is not one.
    """
    return tarfile.open(fileobj=stream, mode="r:", tarinfo=CheckedMember)
