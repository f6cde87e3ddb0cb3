"""ELF files as their loaders see them: without section headers, which may be damaged in a file that loads."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import IO, cast

_HEADER_SIZE = 64
_CLASS = 4
# Where a header has the offset of the table of sections, and the table's number of entries and that of its names.
_OFFSET_64 = 0x28
_COUNTS_64 = 0x3C
_OFFSET_32 = 0x20
_COUNTS_32 = 0x30


class _Patched(io.RawIOBase):
    """A file that begins with other bytes."""

    def __init__(self, stream: IO[bytes], start: bytes) -> None:
        super().__init__()
        self._stream = stream
        self._start = start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int | None = -1) -> bytes:
        offset = self._stream.tell()
        data = self._stream.read(-1 if size is None else size)
        patch = self._start[offset : offset + len(data)]
        return patch + data[len(patch) :]


def without_sections(stream: IO[bytes]) -> IO[bytes]:
    """A view of a file in which the header names no table of sections."""
    return cast("IO[bytes]", _Patched(stream, _header_without_sections(stream)))


def copy_without_sections(source: Path, destination: Path) -> Path:
    """Copy a file, without what its header says of a table of sections."""
    with source.open("rb") as stream, destination.open("wb") as output:
        header = _header_without_sections(stream)
        output.write(header)
        stream.seek(len(header))
        shutil.copyfileobj(stream, output)
    return destination


def _header_without_sections(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    header = bytearray(stream.read(_HEADER_SIZE))
    is_64_bit = header[_CLASS : _CLASS + 1] == b"\2"
    offset, size = (_OFFSET_64, 8) if is_64_bit else (_OFFSET_32, 4)
    counts = _COUNTS_64 if is_64_bit else _COUNTS_32
    if len(header) == _HEADER_SIZE:
        header[offset : offset + size] = bytes(size)
        header[counts : counts + 4] = bytes(4)
    stream.seek(0)
    return bytes(header)
