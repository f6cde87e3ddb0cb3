"""The sections of ELF files: where they are, and files without them, as loaders ignore them and they may be damaged."""

from __future__ import annotations

import io
import shutil
import struct
from pathlib import Path
from typing import IO, cast

from spokeshave.native.elf.layout import HEADER_SIZE, layout_of


class _Patched(io.RawIOBase):
    """A file with its first bytes replaced."""

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
    """Return a view of a file whose header refers to no table of sections."""
    return cast("IO[bytes]", _Patched(stream, _header_without_sections(stream)))


def copy_without_sections(source: Path, destination: Path) -> Path:
    """Copy a file without the header's reference to a table of sections."""
    with source.open("rb") as stream, destination.open("wb") as output:
        header = _header_without_sections(stream)
        output.write(header)
        stream.seek(len(header))
        shutil.copyfileobj(stream, output)
    return destination


def _header_without_sections(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    header = bytearray(stream.read(HEADER_SIZE))
    if len(header) == HEADER_SIZE:
        layout = layout_of(header)
        _, sections = layout.tables
        struct.pack_into(layout.word, header, sections, 0)
        struct.pack_into("2H", header, layout.section_counts, 0, 0)
    stream.seek(0)
    return bytes(header)


def section_ranges(path: Path, name: str) -> list[tuple[int, int]]:
    """Return the offset and the size of each section of a name. Empty if the table of sections is damaged.

    Much faster than with pyelftools, which parses every section.
    """
    with path.open("rb") as stream:
        header = stream.read(HEADER_SIZE)
        try:
            table = layout_of(header).sections(header)
            entries = table.entries(_content(stream, table.offset, table.count * table.entry_size))
            _, *names_at = entries[table.names_index] if entries else (0, 0, 0)
            names = _content(stream, *names_at)
        except (IndexError, struct.error, OverflowError, ValueError):
            return []
    wanted = name.encode() + b"\0"
    return [(offset, size) for at, offset, size in entries if names.startswith(wanted, at)]


def _content(stream: IO[bytes], offset: int, size: int) -> bytes:
    # Python reserves memory for as much as is asked for.
    size = min(size, stream.seek(0, io.SEEK_END))
    stream.seek(offset)
    return stream.read(size)
