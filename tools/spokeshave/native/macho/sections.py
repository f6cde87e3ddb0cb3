"""The positions of a Mach-O file's sections."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from macholib import mach_o
from macholib.ptypes import sizeof

from spokeshave.native.macho.load_commands import LoadCommands, fields_of, kind_of
from spokeshave.native.macho.universal import Region, UniversalHeader

_SECTIONS_AT = sizeof(mach_o.load_command) + sizeof(mach_o.segment_command_64)
_THIN_64 = b"\xcf\xfa\xed\xfe"


def slice_regions(stream: IO[bytes]) -> list[Region]:
    """Return the positions of the 64-bit slices."""
    header = UniversalHeader.read(stream)
    regions = [entry.region for entry in header.entries] if header else [Region(0, stream.seek(0, os.SEEK_END))]
    return [region for region in regions if _starts_with(stream, region.offset, _THIN_64)]


def section_ranges(path: Path, name: str) -> list[tuple[int, int]]:
    """Return the offset in the file and the size of each section of a name, in all slices.

    Empty for a damaged file, which its reader reports.
    """
    with path.open("rb") as stream:
        try:
            regions = slice_regions(stream)
            return [found for region in regions for found in _section_ranges(stream, region.offset, name)]
        except (ValueError, KeyError, struct.error):
            return []


def _starts_with(stream: IO[bytes], offset: int, magic: bytes) -> bool:
    stream.seek(offset)
    return stream.read(len(magic)) == magic


def _section_ranges(stream: IO[bytes], start: int, name: str) -> Iterator[tuple[int, int]]:
    for command in LoadCommands.read(stream, start).commands:
        if kind_of(command) != mach_o.LC_SEGMENT_64:
            continue
        size = sizeof(mach_o.section_64)
        for index in range(int(fields_of(command).nsects)):
            section_at = _SECTIONS_AT + index * size
            section = mach_o.section_64.from_str(command[section_at : section_at + size], _endian_="<")
            if bytes(section.sectname).rstrip(b"\0") == name.encode():
                yield start + int(section.offset), int(section.size)
