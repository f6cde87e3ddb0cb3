"""Where the header of an ELF file, and the entries of its two tables, have the offsets that editors change."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER_SIZE = 64
# Where the header has the class, and its value for a file of 64 bits.
_CLASS = 4
_CLASS_64 = 2


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

    @property
    def section_counts(self) -> int:
        """Where the header has the number of sections, and after it that of the names' section."""
        return self.sizes + struct.calcsize("3H")


LAYOUTS = {
    32: ElfLayout(word="I", tables=(0x1C, 0x20), sizes=0x2A, entries=(0x04, 0x10)),
    64: ElfLayout(word="Q", tables=(0x20, 0x28), sizes=0x36, entries=(0x08, 0x18)),
}


def layout_of(header: bytes | bytearray) -> ElfLayout:
    """The layout of the file that begins with a header."""
    return LAYOUTS[64 if header[_CLASS] == _CLASS_64 else 32]
