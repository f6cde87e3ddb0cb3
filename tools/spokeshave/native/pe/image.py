"""A PE file that is mapped into memory: where addresses lie in it, and the records and texts at them.

pefile reads the headers and maps addresses to the file. The tables of names are read here, because pefile, which is
made for malicious files, cuts long names, stops after 8,192 of them without an error and copies whole sections.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pefile

from spokeshave.native.name_budget import NameBudget
from spokeshave.native.pe.layout import Directory

# What pefile and the readers of tables raise for damaged files.
MALFORMED = (
    pefile.PEFormatError,
    ValueError,
    IndexError,
    AttributeError,
    struct.error,
    MemoryError,
    OverflowError,
)
# Windows loads no more. pefile looks for each address in all sections.
_MOST_SECTIONS = 96
# A DLL exports 65,535 names at most. Each is read twice.
_MOST_RECORDS = 1 << 19
# pefile has no types.
_open_headers = cast("Callable[..., Any]", pefile.PE)


@contextmanager
def open_image(path: Path) -> Iterator[Image]:
    """Map a PE file into memory. Raises what pefile raises for a damaged one."""
    with closing(_open_headers(str(path), fast_load=True)) as headers:
        if len(headers.sections) > _MOST_SECTIONS:
            raise ValueError(f"it has {len(headers.sections)} sections, and Windows loads {_MOST_SECTIONS} at most")
        yield Image(headers)


def section_ranges(path: Path, name: str) -> list[tuple[int, int]]:
    """Return the offset and the size in the file of each section of a name, without padding.

    Empty for a damaged file, which its reader reports.
    """
    try:
        with open_image(path) as image:
            sections = [section for section in image.headers.sections if section.Name.rstrip(b"\0") == name.encode()]
            return [(int(section.PointerToRawData), int(section.Misc_VirtualSize)) for section in sections]
    except MALFORMED:
        return []


@dataclass(frozen=True)
class Image:
    """A PE file in memory mapped by pefile. Only requested parts are copied."""

    headers: Any

    @cached_property
    def _last(self) -> list[Any]:
        """The section of the last address, in which the next one is as well in most cases."""
        return [None]

    @cached_property
    def _budget(self) -> NameBudget:
        return NameBudget(self.size, names=_MOST_RECORDS)

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return len(self.headers.__data__)

    def offset(self, rva: int) -> int:
        """Where an address lies in the file."""
        section = self._last[0]
        if section is None or not section.contains_rva(rva):
            self._last[0] = section = self.headers.get_section_by_rva(rva)
        found = section.get_offset_from_rva(rva) if section else self.headers.get_offset_from_rva(rva)
        return int(found)

    def content(self, rva: int, size: int) -> bytes:
        """The bytes at an address."""
        offset = self.offset(rva)
        self._budget.spend(size)
        data = bytes(self.headers.__data__[offset : offset + size])
        if len(data) != size:
            raise ValueError(f"it ends before {size} bytes at {offset}")
        return data

    def text(self, rva: int) -> str:
        """Return a text that ends with a zero byte."""
        offset = self.offset(rva)
        end = self.headers.__data__.find(b"\0", offset)
        if end < 0:
            raise ValueError(f"a name at {offset} has no end")
        self._budget.spend(end - offset)
        return bytes(self.headers.__data__[offset:end]).decode("utf-8", "surrogateescape")

    def directory(self, directory: Directory) -> tuple[int, int]:
        """Return the address and size of a data directory. Zeros if there is none."""
        directories = self.headers.OPTIONAL_HEADER.DATA_DIRECTORY
        if directory >= len(directories):
            return 0, 0
        return int(directories[directory].VirtualAddress), int(directories[directory].Size)

    def records(self, layout: struct.Struct, rva: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """The records of a table that ends with one of zeros, each with its address."""
        while True:
            data = self.content(rva, layout.size)
            if not any(data):
                return
            yield rva, layout.unpack(data)
            rva += layout.size

    def numbers(self, kind: str, rva: int, count: int) -> tuple[int, ...]:
        """A table of so many numbers of a kind of `struct`'s."""
        layout = struct.Struct(f"<{count}{kind}")
        return layout.unpack(self.content(rva, layout.size)) if count else ()
