"""Packed files inside of a wheel: how one is recognised, and the files in it.

Zip archives (wheels, `.npz`, `.jar`, zipapps) are recognised by their beginning or by the record at their end, as a
program may be before the archive. Files compressed by gzip, bzip2 or xz, and tar archives, are recognised by their
beginning. Other known formats are not unpacked.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import lzma
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, cast

from spokeshave.sdist.tar_file import open_tar

_END_RECORD = b"PK\x05\x06"
_END_RECORD_SIZE = 22
TAIL = _END_RECORD_SIZE + 0xFFFF
"""The number of bytes at the end of a file in which the end record of a zip archive is."""
DAMAGES = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    OSError,
    ValueError,
    struct.error,
)
"""The errors of archives that cannot be read. Those of unknown methods and of encryption are among them.

So are some that are not of the archive: see `raise_system_error`.
"""
_TAR_MAGIC = slice(257, 262)
_UNKNOWN = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x04\x22\x4d\x18": "lz4",
    b"Rar!\x1a\x07": "rar",
}


class UnknownPackingError(ValueError):
    """A packed file of a format that is not unpacked."""


@dataclass(frozen=True)
class PackedMember:
    """A file inside of a packed one. `open`: opens its bytes. The only file of a compressed one has no name."""

    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True)
class Packing:
    """A format of packed files.

    Attributes:
        members: Yields the files in a packed one, which the argument opens.
        is_certain: Whether the file is of this format, and not only may be.
        is_readable: Whether the bytes of the files in it are readable in the packed file.
    """

    members: Callable[[Callable[[], IO[bytes]]], contextlib.AbstractContextManager[Iterable[PackedMember]]]
    is_certain: bool = True
    is_readable: bool = False


def raise_system_error(error: Exception) -> None:
    """Raise one of `DAMAGES` again if it is of the system, such as of a full disk, and says nothing of the archive."""
    # Python 3.9 seeks to negative positions of damaged zip archives, which is EINVAL.
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error


def packing_of(first: bytes, tail: bytes) -> Packing | None:
    """Return the format of a packed file; None for another file.

    Args:
        first: The file's first bytes.
        tail: Its last `TAIL` bytes.
    """
    if first.startswith(b"PK\x03\x04") or _has_end_record(tail):
        return Packing(_zip_members)
    if first.startswith(b"\x1f\x8b\x08"):
        return Packing(partial(_compressed_member, lambda stream: cast("IO[bytes]", gzip.open(stream))))
    if first.startswith(b"BZh") and first[4:10] == b"1AY&SY":
        return Packing(partial(_compressed_member, bz2.open))
    if first.startswith(b"\xfd7zXZ\0"):
        return Packing(partial(_compressed_member, lzma.open))
    if first[_TAR_MAGIC] == b"ustar":
        return Packing(_tar_members, is_readable=True)
    for magic, name in _UNKNOWN.items():
        if first.startswith(magic):
            return Packing(partial(_no_members, name))
    return Packing(_zip_members, is_certain=False) if _END_RECORD in tail else None


def _has_end_record(tail: bytes) -> bool:
    """Return whether the file ends with the end record of a zip archive and its comment."""
    position = tail.rfind(_END_RECORD)
    if position < 0 or position + _END_RECORD_SIZE > len(tail):
        return False
    (comment,) = struct.unpack_from("<H", tail, position + _END_RECORD_SIZE - 2)
    return position + _END_RECORD_SIZE + int(comment) == len(tail)


@contextlib.contextmanager
def _zip_members(reopen: Callable[[], IO[bytes]]) -> Iterator[Iterable[PackedMember]]:
    with _seekable_copy(reopen) as copy, zipfile.ZipFile(copy) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        yield [PackedMember(info.filename, partial(archive.open, info)) for info in infos]


@contextlib.contextmanager
def _tar_members(reopen: Callable[[], IO[bytes]]) -> Iterator[Iterable[PackedMember]]:
    with _seekable_copy(reopen) as copy, open_tar(copy) as archive:
        infos = [info for info in archive.getmembers() if info.isreg()]
        yield [PackedMember(info.name, partial(_extracted, archive, info)) for info in infos]


def _extracted(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return cast("IO[bytes]", archive.extractfile(info))


@contextlib.contextmanager
def _compressed_member(
    unpack: Callable[[IO[bytes]], IO[bytes]], reopen: Callable[[], IO[bytes]]
) -> Iterator[Iterable[PackedMember]]:
    with contextlib.ExitStack() as opened:
        yield [PackedMember("", lambda: unpack(opened.enter_context(reopen())))]


@contextlib.contextmanager
def _no_members(name: str, _: Callable[[], IO[bytes]]) -> Iterator[Iterable[PackedMember]]:
    raise UnknownPackingError(f"its format is {name}")
    yield []


@contextlib.contextmanager
def _seekable_copy(reopen: Callable[[], IO[bytes]]) -> Iterator[IO[bytes]]:
    """Copy a packed file to a temporary one, since archives are read from their end."""
    with tempfile.TemporaryFile() as copy:
        with reopen() as stream:
            shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy
