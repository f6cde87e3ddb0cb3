"""A large ELF file without most of its largest section, for an editor that keeps files in memory.

patchelf reads a whole file, and has it twice in memory if the file grows. It uses only the headers and the loader's
tables, so the middle of code or data can be cut out beforehand. Afterwards the edited parts are written back, with all
offsets after the cut adjusted. The result has exactly the bytes that patchelf would produce from the whole file.
"""

from __future__ import annotations

import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from spokeshave.native.elf.file import MALFORMED, open_elf
from spokeshave.native.elf.layout import LAYOUTS, ElfLayout

_LEAST_CUT = 8 << 20
# The largest page of any architecture. It contains the headers and everything that patchelf may move to extend them.
_PAGE = 1 << 16


@dataclass(frozen=True)
class _Table:
    """The table of segments or of sections: its offset and the offsets of its fields."""

    start: int
    entry_size: int
    count: int
    field: int


@dataclass(frozen=True)
class Skeleton:
    """The cut in a file: `size` bytes from `start` on. `order` is the file's byte order."""

    start: int
    size: int
    order: str
    layout: ElfLayout

    @classmethod
    def of(cls, path: Path) -> Skeleton | None:
        """Return the best cut of a file. None for a file that is small or not a shared library."""
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
                cls(start=start, size=size, order=order, layout=LAYOUTS[elf.elfclass]) if size >= _LEAST_CUT else None
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
        """Insert the cut part of the file into an edited skeleton."""
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
        """Restore the original bytes of tables that the editor did not change."""
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
        """Return a table's bytes with offsets after the cut adjusted."""
        data = bytearray(_read(stream, table.start, table.entry_size * table.count))
        word = struct.Struct(self.order + self.layout.word)
        for offset in range(table.field, len(data), table.entry_size):
            word.pack_into(data, offset, self._moved(word.unpack_from(data, offset)[0], distance))
        return bytes(data)

    def _move_tables(self, stream: IO[bytes], distance: int) -> None:
        """Write the new offsets of the tables to the header."""
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
    """Return how much of a section patchelf never reads: all of code and constant data."""
    return int(section["sh_size"]) if section["sh_type"] == "SHT_PROGBITS" else 0
