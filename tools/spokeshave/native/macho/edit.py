"""Edits of Mach-O files: the names by which they find libraries, and new signatures for the changed bytes."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from macholib import mach_o

from spokeshave.native.macho.codesign import sign
from spokeshave.native.macho.file import InvalidMachOError, MachOFile, MachOSlice, read_macho
from spokeshave.native.macho.load_commands import LOAD_DYLIBS, LoadCommands
from spokeshave.native.macho.universal import Region, UniversalHeader, copy_region
from spokeshave_core.problems import Problem, SpokeshaveError

_MUST_BE_SIGNED = ("arm64", "arm64e")


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
        InvalidMachOError: If the file is damaged.
    """
    macho = read_macho(path, place)
    try:
        return _edit_slices(path, macho, place, edits)
    except (ValueError, KeyError, OverflowError, struct.error) as err:
        # Parts that only an edit looks at, such as a former signature.
        message = f"is a damaged Mach-O file ({err})"
        raise InvalidMachOError(Problem(place, message, "Build the file again.")) from err


def _edit_slices(path: Path, macho: MachOFile, place: str, edits: MachOEdits) -> bool:
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
    named = commands.with_texts((mach_o.LC_ID_DYLIB,), edits.install_name).with_texts(LOAD_DYLIBS, edits.library)
    # From macOS 15 on the loader refuses a file that has one search path twice.
    return named.with_texts((mach_o.LC_RPATH,), edits.rpath).without_repeated(mach_o.LC_RPATH)


def _check_room(part: MachOSlice, growth: int, place: str) -> None:
    if growth > part.header_pad:
        message = f"has room for {part.header_pad} more bytes of load commands, but the new names need {growth}"
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
                copy_region(stream, part.region, output)
        yield parts


def _join(path: Path, parts: list[Path]) -> None:
    """Write slices over those of a universal file, each at the next offset that its alignment allows."""
    with path.open("r+b") as stream:
        header = UniversalHeader.read(stream)
        if header is not None:
            slices = [(part, Region(0, part.stat().st_size)) for part in parts]
            header.with_sizes(region.size for _, region in slices).write(stream, slices)
