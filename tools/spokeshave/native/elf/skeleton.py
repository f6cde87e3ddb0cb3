"""A large ELF file without most of its largest section, small enough for an editor that holds files in memory.

patchelf reads a whole file, and has it twice in memory when the file grows. It looks at headers and at the loader's
tables only, so the middle of code or data can be cut out before and left where it is: what patchelf changed around it
is written back, with every offset behind the cut moved. The result is, byte for byte, what patchelf makes of the whole.
"""

from __future__ import annotations

import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from spokeshave.native.elf.file import MALFORMED, open_elf

_LEAST_CUT = 8 << 20
# The largest page of any architecture; the headers, and what patchelf may move to make room for them, lie before it.
_PAGE = 1 << 16


@dataclass(frozen=True)
class _Layout:
    """Where an ELF class keeps offsets: of the two tables in the header, and in the entries of each.

    ``sizes`` is where the header has the size and the number of each table's entries.
    """

    word: str
    tables: tuple[int, int]
    sizes: int
    entries: tuple[int, int]


_LAYOUTS = {
    32: _Layout(word="I", tables=(0x1C, 0x20), sizes=0x2A, entries=(0x04, 0x10)),
    64: _Layout(word="Q", tables=(0x20, 0x28), sizes=0x36, entries=(0x08, 0x18)),
}


@dataclass(frozen=True)
class _Table:
    """The table of segments or that of sections: where it lies, and where its entries have their offsets."""

    start: int
    entry_size: int
    count: int
    field: int


@dataclass(frozen=True)
class Skeleton:
    """What a cut takes out of a file: ``size`` bytes from ``start`` on. ``order`` is the file's byte order."""

    start: int
    size: int
    order: str
    layout: _Layout

    @classmethod
    def of(cls, path: Path) -> Skeleton | None:
        """The best cut through a file; None for one that is small or is no shared library."""
        if path.stat().st_size < 2 * _LEAST_CUT:
            return None
        with path.open("rb") as stream:
            try:
                elf = open_elf(stream)
                aligned = max([_PAGE, *(segment["p_align"] for segment in elf.iter_segments())])
                largest = max(elf.iter_sections(), key=_cuttable_size, default=None)
            except MALFORMED:
                return None
            if largest is None or elf["e_type"] != "ET_DYN" or elf.get_section_by_name(".interp") is not None:
                return None
            start = largest["sh_offset"] + -largest["sh_offset"] % _PAGE + _PAGE
            size = (largest["sh_offset"] + _cuttable_size(largest) - _PAGE - start) // aligned * aligned
            order = "<" if elf.little_endian else ">"
            return (
                cls(start=start, size=size, order=order, layout=_LAYOUTS[elf.elfclass]) if size >= _LEAST_CUT else None
            )

    def cut(self, source: Path, destination: Path) -> None:
        """Write the skeleton of a file."""
        with source.open("rb") as stream, destination.open("w+b") as output:
            output.write(stream.read(self.start))
            stream.seek(self.start + self.size)
            shutil.copyfileobj(stream, output)
            for table in self._tables(stream):
                _write(output, self._moved(table.start, -self.size), self._moved_table(stream, table, -self.size))
            self._move_tables(output, -self.size)

    def fill(self, skeleton: Path, destination: Path) -> None:
        """Write an edited skeleton around what was cut out of the file."""
        with skeleton.open("r+b") as stream, destination.open("r+b") as output:
            tables = self._tables(stream)
            self._restore_left_tables(stream, output, {table.start for table in tables})
            for table in tables:
                _write(stream, table.start, self._moved_table(stream, table, self.size))
            self._move_tables(stream, self.size)
            stream.seek(0)
            _write(output, 0, stream.read(self.start))
            output.seek(self.start + self.size)
            shutil.copyfileobj(stream, output)
            output.truncate()

    def _restore_left_tables(self, skeleton: IO[bytes], original: IO[bytes], used: set[int]) -> None:
        """Where the editor left a table behind as it was, put back what the whole file has there."""
        for table in self._tables(original):
            start = self._moved(table.start, -self.size)
            moved = self._moved_table(original, table, -self.size)
            if start not in used and _read(skeleton, start, len(moved)) == moved:
                _write(skeleton, start, _read(original, table.start, len(moved)))

    def _tables(self, stream: IO[bytes]) -> list[_Table]:
        counts = self._numbers(stream, self.layout.sizes, "4H")
        starts = [self._numbers(stream, field, self.layout.word)[0] for field in self.layout.tables]
        return [_Table(*fields) for fields in zip(starts, counts[::2], counts[1::2], self.layout.entries)]

    def _moved_table(self, stream: IO[bytes], table: _Table, distance: int) -> bytes:
        """A table's bytes, with what lies behind the cut moved."""
        data = bytearray(_read(stream, table.start, table.entry_size * table.count))
        word = struct.Struct(self.order + self.layout.word)
        for offset in range(table.field, len(data), table.entry_size):
            word.pack_into(data, offset, self._moved(word.unpack_from(data, offset)[0], distance))
        return bytes(data)

    def _move_tables(self, stream: IO[bytes], distance: int) -> None:
        """Tell in the header where the tables lie."""
        for field in self.layout.tables:
            (start,) = self._numbers(stream, field, self.layout.word)
            _write(stream, field, struct.pack(self.order + self.layout.word, self._moved(start, distance)))

    def _moved(self, offset: int, distance: int) -> int:
        return offset + distance if offset > self.start else offset

    def _numbers(self, stream: IO[bytes], offset: int, layout: str) -> tuple[int, ...]:
        form = struct.Struct(self.order + layout)
        return form.unpack(_read(stream, offset, form.size))


def _read(stream: IO[bytes], offset: int, size: int) -> bytes:
    stream.seek(offset)
    return stream.read(size)


def _write(stream: IO[bytes], offset: int, data: bytes) -> None:
    stream.seek(offset)
    stream.write(data)


def _cuttable_size(section: Any) -> int:
    """How much of a section patchelf never looks at: all of code and constant data."""
    return int(section["sh_size"]) if section["sh_type"] == "SHT_PROGBITS" else 0
