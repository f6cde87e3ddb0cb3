"""A large ELF file without most of its largest section, small enough for an editor that holds files in memory.

patchelf reads a whole file, and twice when the file grows. It looks at headers and at the loader's tables only, so the
middle of code or data can be cut out before and left where it is: what patchelf changed around it is written back, with
every offset behind the cut moved. The result is, byte for byte, what patchelf makes of the whole file.
"""

from __future__ import annotations

import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from elftools.common.exceptions import ELFError

from spokeshave.elf import open_elf

_LEAST_CUT = 8 << 20
# The largest page of any architecture; the headers, and what patchelf may move to make room for them, lie before it.
_PAGE = 1 << 16
_HEADER_64, _HEADER_32 = (0x20, 0x28, 0x36), (0x1C, 0x20, 0x2A)
_ENTRY_OFFSETS_64, _ENTRY_OFFSETS_32 = (0x08, 0x18), (0x04, 0x10)


@dataclass(frozen=True)
class Skeleton:
    """What a cut takes out of a file: ``size`` bytes from ``start`` on. ``order`` and ``is_64_bit`` are the file's."""

    start: int
    size: int
    order: str
    is_64_bit: bool

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
            except ELFError:
                return None
            if largest is None or elf["e_type"] != "ET_DYN" or elf.get_section_by_name(".interp") is not None:
                return None
            start = largest["sh_offset"] + -largest["sh_offset"] % _PAGE + _PAGE
            size = (largest["sh_offset"] + _cuttable_size(largest) - _PAGE - start) // aligned * aligned
            order = "<" if elf.little_endian else ">"
            return cls(start, size, order, elf.elfclass == 64) if size >= _LEAST_CUT else None

    def cut(self, source: Path, destination: Path) -> None:
        """Write the skeleton of a file."""
        with source.open("rb") as stream, destination.open("w+b") as output:
            output.write(stream.read(self.start))
            stream.seek(self.start + self.size)
            shutil.copyfileobj(stream, output)
            self._move(output, -self.size)

    def fill(self, skeleton: Path, destination: Path) -> None:
        """Write an edited skeleton around what was cut out of the file."""
        with skeleton.open("r+b") as stream, destination.open("r+b") as output:
            self._move(stream, self.size)
            stream.seek(0)
            output.write(stream.read(self.start))
            output.seek(self.start + self.size)
            shutil.copyfileobj(stream, output)
            output.truncate()

    def _move(self, stream: IO[bytes], distance: int) -> None:
        """Move what lies behind the cut: the tables of segments and sections, and what they tell."""
        header_fields, entry_offsets = (
            (_HEADER_64, _ENTRY_OFFSETS_64) if self.is_64_bit else (_HEADER_32, _ENTRY_OFFSETS_32)
        )
        tables, sizes = header_fields[:2], self._read(stream, header_fields[2], "4H")
        # Read before the header is moved, as the file's bytes are moved already when a skeleton is cut.
        places = [self._read(stream, table, self._word)[0] for table in tables]
        for table in tables:
            self._move_word(stream, table, distance)
        for place, offset, index in zip(places, entry_offsets, (0, 2)):
            here = place + distance if distance < 0 and place > self.start else place
            for number in range(sizes[index + 1]):
                self._move_word(stream, here + number * sizes[index] + offset, distance)

    @property
    def _word(self) -> str:
        return "Q" if self.is_64_bit else "I"

    def _read(self, stream: IO[bytes], offset: int, layout: str) -> tuple[int, ...]:
        form = struct.Struct(self.order + layout)
        stream.seek(offset)
        return form.unpack(stream.read(form.size))

    def _move_word(self, stream: IO[bytes], offset: int, distance: int) -> None:
        (value,) = self._read(stream, offset, self._word)
        if value > self.start:
            stream.seek(offset)
            stream.write(struct.pack(self.order + self._word, value + distance))


def _cuttable_size(section: Any) -> int:
    """How much of a section patchelf never looks at: all of code and constant data."""
    return int(section["sh_size"]) if section["sh_type"] == "SHT_PROGBITS" else 0
