"""Edits of Mach-O files: the names by which they find libraries, and new signatures for the changed bytes."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spokeshave.errors import Problem, SpokeshaveError
from spokeshave.native.macho.codesign import sign
from spokeshave.native.macho.file import MachOFile, MachOSlice, Region, read_macho
from spokeshave.native.macho.load_commands import ID_DYLIB, LOAD_DYLIBS, RPATH, LoadCommands
from spokeshave.wheel.archive import CHUNK

_MUST_BE_SIGNED = ("arm64", "arm64e")
_FAT_64 = 0xCAFEBABF
_ENTRY, _ENTRY_64 = struct.Struct(">5I"), struct.Struct(">2I2Q2I")
_OFFSET_FIELD = 2
_ALIGNMENT_FIELD = 4


class NoHeaderPadError(SpokeshaveError):
    """A Mach-O file whose load commands cannot grow, because its code follows immediately."""


@dataclass(frozen=True)
class MachOEdits:
    """The edits. Each function is called with a name from the file. `rpath` returns None to remove an entry."""

    install_name: Callable[[str], str]
    library: Callable[[str], str]
    rpath: Callable[[str], str | None]


def edit_macho(path: Path, place: str, edits: MachOEdits) -> bool:
    """Edit a file slice by slice and sign it again where necessary. Return whether any byte changed.

    Raises:
        NoHeaderPadError: If the load commands cannot grow.
        UnsignableFileError: If there is no room for a signature.
    """
    macho = read_macho(path, place)
    if not macho.is_universal:
        return _edit_slice(path, macho.slices[0], path.name, place, edits)
    with _split(path, macho) as parts:
        changed = [
            _edit_slice(part, one, path.name, f"{place} ({one.architecture})", edits)
            for part, one in zip(parts, macho.slices)
        ]
        if any(changed):
            _join(path, parts)
        return any(changed)


def _edit_slice(path: Path, part: MachOSlice, identifier: str, place: str, edits: MachOEdits) -> bool:
    with path.open("r+b") as stream:
        before = LoadCommands.read(stream)
        after = _edited(before, edits)
        _check_room(part, after.size - before.size, place)
        if after != before:
            after.write(stream, before)
    must_be_signed = part.architecture in _MUST_BE_SIGNED or part.signature is not None
    signed = must_be_signed and (after != before or part.signature is None)
    if signed:
        sign(path, identifier, part.header_pad - (after.size - before.size), place)
    return signed or after != before


def _edited(commands: LoadCommands, edits: MachOEdits) -> LoadCommands:
    named = commands.with_texts((ID_DYLIB,), edits.install_name).with_texts(LOAD_DYLIBS, edits.library)
    # From macOS 15 on the loader refuses a file that has one search path twice.
    return named.with_texts((RPATH,), edits.rpath).without_repeated(RPATH)


def _check_room(part: MachOSlice, growth: int, place: str) -> None:
    if growth > part.header_pad:
        message = f"has room for {part.header_pad} more bytes of load commands, and the new names need {growth}"
        remedy = "Link it with -Wl,-headerpad_max_install_names, or give the library a shorter name."
        raise NoHeaderPadError(Problem(place, message, remedy))


@contextmanager
def _split(path: Path, macho: MachOFile) -> Iterator[list[Path]]:
    """Write the slices of a universal file to files of their own, next to it."""
    with tempfile.TemporaryDirectory(prefix=".slices-", dir=path.parent) as folder, path.open("rb") as stream:
        parts = []
        for number, part in enumerate(macho.slices):
            parts.append(Path(folder) / str(number))
            with parts[-1].open("wb") as output:
                _copy(stream, part.region, output)
        yield parts


def _join(path: Path, parts: list[Path]) -> None:
    """Replace the slices of a universal file, each at the next position that its alignment allows."""
    with path.open("r+b") as stream:
        magic, count = struct.unpack(">2I", stream.read(8))
        entry = _ENTRY_64 if magic == _FAT_64 else _ENTRY
        entries = [list(entry.unpack(stream.read(entry.size))) for _ in range(count)]
        end = 8 + count * entry.size
        for fields, part in zip(entries, parts):
            alignment = 1 << fields[_ALIGNMENT_FIELD]
            offset, size = end + -end % alignment, part.stat().st_size
            fields[_OFFSET_FIELD : _OFFSET_FIELD + 2] = offset, size
            stream.seek(end)
            stream.write(bytes(offset - end))
            with part.open("rb") as source:
                _copy(source, Region(0, size), stream)
            end = offset + size
        stream.truncate()
        stream.seek(8)
        stream.write(b"".join(entry.pack(*fields) for fields in entries))


def _copy(source: IO[bytes], region: Region, destination: IO[bytes]) -> None:
    source.seek(region.offset)
    remaining = region.size
    while remaining:
        chunk = source.read(min(CHUNK, remaining))
        destination.write(chunk)
        remaining -= len(chunk)
