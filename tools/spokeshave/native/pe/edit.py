"""Edits of PE files: the names of the DLLs that they import from.

A longer name needs additional space. Sections are padded to a multiple of 512 bytes in the file, so most have some at
their end. If none has, a section is added. Nothing is moved and only the changed bytes are written. (lief rewrites
import tables completely, and delvewheel's function keeps a file in memory twice. Both put names at the same positions.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spokeshave.native.pe.image import MALFORMED, Image, open_image
from spokeshave.native.pe.layout import (
    DATA_DIRECTORY,
    DELAY_DESCRIPTOR,
    DEPENDENT_LOAD_FLAGS_AT,
    IMPORT_DESCRIPTOR,
    NAME_IN_DELAY_DESCRIPTOR,
    NAME_IN_IMPORT_DESCRIPTOR,
    SECTION,
    SECTION_SIZES_AT,
    Directory,
)
from spokeshave_core.problems import Problem, SpokeshaveError

_READ = 0x40000000
_WRITE = 0x80000000
_EXECUTE = 0x20000000
_DISCARDABLE = 0x02000000
_INITIALIZED = 0x40
_SECTION_NAME = b".grafted"


class UneditablePeError(SpokeshaveError):
    """A PE file without space for another name."""


@dataclass
class _Changes:
    """The edits of a file: bytes by their offsets, and the end of the original file."""

    end: int
    patches: list[tuple[int, bytes]] = field(default_factory=list)

    def number(self, offset: int, value: int, size: int = 4) -> None:
        self.patches.append((offset, value.to_bytes(size, "little")))


def rename_libraries(path: Path, place: str, names: Mapping[str, str]) -> bool:
    """Rename imported DLLs, given by their old names in lower case. Return whether any name changed.

    A certificate is removed, because it is for the old bytes.

    Raises:
        UneditablePeError: If there is no space for a name, or the file is damaged.
    """
    try:
        uses, changes = _planned(path, place, names)
    except MALFORMED as err:
        raise UneditablePeError(Problem(place, f"is a damaged PE file ({err})", "Build the file again.")) from err
    if uses:
        _write(path, changes)
    return bool(uses)


def _planned(path: Path, place: str, names: Mapping[str, str]) -> tuple[list[tuple[int, str]], _Changes]:
    """Return the positions of names with their new ones, and the changes of the file."""
    with open_image(path) as image:
        uses = [(at, names[name.lower()]) for at, name in _name_fields(image) if name.lower() in names]
        changes = _Changes(_end_without_certificates(image, place))
        if uses:
            addresses = _place_names(image.headers, sorted({new for _, new in uses}), changes, place)
            for offset, new in uses:
                changes.number(offset, addresses[new])
            _forget_certificates(image, changes)
            _search_everywhere(image, changes)
    return uses, changes


def _write(path: Path, changes: _Changes) -> None:
    with path.open("r+b") as stream:
        stream.truncate(changes.end)
        for offset, data in changes.patches:
            stream.seek(offset)
            stream.write(data)


def _name_fields(image: Image) -> Iterator[tuple[int, str]]:
    """Yield the position of each imported DLL's name address, and the name."""
    kinds = (
        (Directory.IMPORT, IMPORT_DESCRIPTOR, NAME_IN_IMPORT_DESCRIPTOR),
        (Directory.DELAY_IMPORT, DELAY_DESCRIPTOR, NAME_IN_DELAY_DESCRIPTOR),
    )
    for directory, layout, name_offset in kinds:
        address, _ = image.directory(directory)
        for rva, (_, name, _) in image.records(layout, address) if address else ():
            yield image.offset(rva) + name_offset, image.text(name)


def _place_names(headers: Any, names: Iterable[str], changes: _Changes, place: str) -> dict[str, int]:
    """Put names into free space of the file and return their addresses."""
    addresses: dict[str, int] = {}
    remaining = [(name, name.encode("utf-8", "surrogateescape") + b"\0") for name in names]
    for section, room in _padded_sections(headers):
        size = int(section.Misc_VirtualSize)
        while remaining and len(remaining[0][1]) <= room:
            name, data = remaining.pop(0)
            addresses[name] = int(section.VirtualAddress) + size
            changes.patches.append((int(section.PointerToRawData) + size, data))
            size = size + len(data)
            room = room - len(data)
        if size != section.Misc_VirtualSize:
            changes.number(section.get_file_offset() + SECTION_SIZES_AT, size)
            _cover(headers, int(section.VirtualAddress) + size, changes)
    if remaining:
        addresses.update(_add_section(headers, remaining, changes, place))
    return addresses


def _padded_sections(headers: Any) -> Iterator[tuple[Any, int]]:
    """Yield sections of constant data with padding, and the number of usable bytes."""
    sections = sorted(headers.sections, key=lambda section: section.VirtualAddress)
    limits = [*(section.VirtualAddress for section in sections[1:]), 1 << 32]
    for section, limit in zip(sections, limits):
        kind = section.Characteristics
        used = section.Misc_VirtualSize
        stored = section.SizeOfRawData
        good = kind & (_READ | _INITIALIZED) == _READ | _INITIALIZED and not kind & (_EXECUTE | _WRITE | _DISCARDABLE)
        room = min(stored, limit - section.VirtualAddress) - used
        start = section.PointerToRawData + used
        if good and used and room > 0 and not any(headers.__data__[start : start + room]):
            yield section, room


def _cover(headers: Any, end: int, changes: _Changes) -> None:
    """Extend the image in memory to include an address."""
    header = headers.OPTIONAL_HEADER
    size = end + -end % header.SectionAlignment
    if size > header.SizeOfImage:
        changes.number(header.get_field_absolute_offset("SizeOfImage"), size)


def _add_section(headers: Any, names: list[tuple[str, bytes]], changes: _Changes, place: str) -> dict[str, int]:
    header = headers.OPTIONAL_HEADER
    last = headers.sections[-1]
    entry = last.get_file_offset() + SECTION.size
    stored_end = max(section.PointerToRawData + section.SizeOfRawData for section in headers.sections)
    if changes.end > stored_end:
        message = "has no room for the longer names of its libraries, and has data after its last section"
        raise UneditablePeError(Problem(place, message, "Link it with -s, without symbols for a debugger in the file."))
    if entry + SECTION.size > header.SizeOfHeaders or any(headers.__data__[entry : entry + SECTION.size]):
        message = "has no room for the longer names of its libraries, nor for another section"
        raise UneditablePeError(Problem(place, message, "Give the libraries shorter names, or link it statically."))
    data = b"".join(name for _, name in names)
    end = max(
        section.VirtualAddress + max(section.Misc_VirtualSize, section.SizeOfRawData) for section in headers.sections
    )
    address = _round_up(end, header.SectionAlignment)
    start = _round_up(changes.end, header.FileAlignment)
    stored = _round_up(len(data), header.FileAlignment)
    record = (_SECTION_NAME, len(data), address, stored, start, 0, 0, 0, 0, _READ | _INITIALIZED)
    changes.patches += [(entry, SECTION.pack(*record)), (start, data.ljust(stored, b"\0"))]
    changes.number(headers.FILE_HEADER.get_field_absolute_offset("NumberOfSections"), len(headers.sections) + 1, 2)
    initialized = header.SizeOfInitializedData + stored
    changes.number(header.get_field_absolute_offset("SizeOfInitializedData"), initialized)
    _cover(headers, address + len(data), changes)
    offsets = [sum(len(text) for _, text in names[:index]) for index in range(len(names))]
    return {name: address + offset for (name, _), offset in zip(names, offsets)}


def _round_up(size: int, alignment: int) -> int:
    return size + -size % alignment


def _end_without_certificates(image: Image, place: str) -> int:
    """Return the end of the file without its certificates, which follow everything else."""
    start, length = image.directory(Directory.CERTIFICATES)
    if not length:
        return image.size
    if start + length != image.size:
        message = "has a certificate that is not at its end"
        raise UneditablePeError(Problem(place, message, "Use the DLL as its vendor signed it, or build it again."))
    return start


def _forget_certificates(image: Image, changes: _Changes) -> None:
    header = image.headers.OPTIONAL_HEADER
    if image.directory(Directory.CERTIFICATES)[1]:
        entry = header.DATA_DIRECTORY[Directory.CERTIFICATES]
        changes.patches.append((entry.get_file_offset(), bytes(DATA_DIRECTORY.size)))
    # The checksum of a DLL is verified only at system start-up or in the kernel. Zero means that there is none.
    if header.CheckSum:
        changes.number(header.get_field_absolute_offset("CheckSum"), 0)


def _search_everywhere(image: Image, changes: _Changes) -> None:
    """Remove the link-time restriction to DLLs of the system's directory (/DEPENDENTLOADFLAG)."""
    rva, size = image.directory(Directory.LOAD_CONFIG)
    if size >= DEPENDENT_LOAD_FLAGS_AT + 2:
        offset = image.offset(rva) + DEPENDENT_LOAD_FLAGS_AT
        if any(image.headers.__data__[offset : offset + 2]):
            changes.number(offset, 0, 2)
