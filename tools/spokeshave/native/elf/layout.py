"""Where the header of an ELF file, and the entries of its two tables, have the offsets that editors change."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER_SIZE = 64
# Where the header has the class, and its value for a file of 64 bits.
_CLASS = 4
_CLASS_64 = 2
# The same for the byte order.
_BYTE_ORDER = 5
_LITTLE_ENDIAN = 1


@dataclass(frozen=True)
class ElfLayout:
    """The layout of an ELF class; the tables are those of segments and of sections.

    Attributes:
        word: The `struct` format of an offset.
        tables: Where the header has the offset of each table.
        sizes: Where the header has the size and the number of each table's entries, and last the names' section.
        entries: Where an entry of each table has the offset of its content.
    """

    word: str
    tables: tuple[int, int]
    sizes: int
    entries: tuple[int, int]

    def sections(self, header: bytes) -> SectionTable:
        """Return where a file has its sections, by its header."""
        order = "<" if header[_BYTE_ORDER] == _LITTLE_ENDIAN else ">"
        (offset,) = struct.unpack_from(order + self.word, header, self.tables[1])
        _, _, entry_size, count, names = struct.unpack_from(f"{order}5H", header, self.sizes)
        return SectionTable(
            layout=self, order=order, offset=offset, entry_size=entry_size, count=count, names_index=names
        )

    @property
    def section_counts(self) -> int:
        """Where the header has the number of sections, and after it that of the names' section."""
        return self.sizes + struct.calcsize("3H")


@dataclass(frozen=True)
class SectionTable:
    """The table of a file's sections. `names_index` is the entry of the section with their names."""

    layout: ElfLayout
    order: str
    offset: int
    entry_size: int
    count: int
    names_index: int

    def entries(self, table: bytes) -> list[tuple[int, int, int]]:
        """Return the offset of the name, the offset and the size of each section. `table` is its content."""
        content = struct.Struct(f"{self.order}2{self.layout.word}")
        name = struct.Struct(f"{self.order}I")
        at = self.layout.entries[1]
        starts = range(0, self.count * self.entry_size, self.entry_size)
        return [(*name.unpack_from(table, start), *content.unpack_from(table, start + at)) for start in starts]


LAYOUTS = {
    32: ElfLayout(word="I", tables=(0x1C, 0x20), sizes=0x2A, entries=(0x04, 0x10)),
    64: ElfLayout(word="Q", tables=(0x20, 0x28), sizes=0x36, entries=(0x08, 0x18)),
}


def layout_of(header: bytes | bytearray) -> ElfLayout:
    """The layout of the file that begins with a header."""
    return LAYOUTS[64 if header[_CLASS] == _CLASS_64 else 32]
