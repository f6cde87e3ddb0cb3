"""What a PE file (a Windows DLL, an extension module or a program) says about itself: read once into frozen types."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pefile

from spokeshave.native.pe.image import MALFORMED, Image, open_image
from spokeshave.native.pe.layout import (
    BY_ORDINAL,
    DEBUG_ENTRY,
    DEBUG_REPRODUCIBLE,
    DELAY_BY_RVA,
    DELAY_DESCRIPTOR,
    EXPORT_DIRECTORY,
    IMPORT_DESCRIPTOR,
    PE_HEADER_AT,
    PE_SIGNATURE,
    THUNK,
    DelayDescriptor,
    Directory,
    ExportDirectory,
    ImportDescriptor,
)
from spokeshave_core.problems import Problem, SpokeshaveError

MAGIC = b"MZ"
_MACHINES = {0x8664: "amd64", 0xAA64: "arm64", 0x014C: "win32", 0x01C4: "arm32"}
_DLL = int(pefile.IMAGE_CHARACTERISTICS["IMAGE_FILE_DLL"])
_PE32_PLUS = int(pefile.OPTIONAL_HEADER_MAGIC_PE_PLUS)


class InvalidPeError(SpokeshaveError):
    """A file with a PE magic number that cannot be parsed."""


@dataclass(frozen=True)
class ImportedLibrary:
    """A DLL that the loader searches for, and the imported symbols. One imported by number is `#7`.

    Attributes:
        is_delayed: Whether it is searched for only at the first call.
    """

    name: str
    symbols: tuple[str, ...]
    is_delayed: bool


@dataclass(frozen=True)
class ForwardedExport:
    """An exported symbol (`#7` if it has no name) of another DLL, which the loader then searches for."""

    name: str
    library: str
    symbol: str


@dataclass(frozen=True)
class PeFile:
    """The headers, the imports and the exports of one PE file.

    Attributes:
        forwards: The exports that refer to other DLLs.
        name: The file's own name.
        subsystem_version: The oldest Windows that loads it.
        time_stamp: In seconds since 1970, unless `is_reproducible`.
    """

    architecture: str
    is_dll: bool
    name: str | None
    libraries: tuple[ImportedLibrary, ...]
    exports: frozenset[str]
    forwards: tuple[ForwardedExport, ...]
    subsystem_version: tuple[int, int]
    time_stamp: int
    is_reproducible: bool

    @property
    def is_loadable(self) -> bool:
        """Return True, because object files for Windows have another header."""
        return True

    @property
    def is_library(self) -> bool:
        """Return whether it is a library that other files load, and not a program."""
        return self.is_dll

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the names of the DLLs that it imports from, also with delay, and that it forwards exports to."""
        return tuple(dict.fromkeys([*(library.name for library in self.libraries), *self.forwarded_to]))

    @property
    def needed_names(self) -> tuple[str, ...]:
        """The names of the DLLs that it needs, in the form of `names`."""
        return tuple(name.lower() for name in self.needed)

    def names(self, file_name: str) -> frozenset[str]:
        """The name by which other files need it, in lower case, as Windows compares names."""
        return frozenset({file_name.lower()})

    @cached_property
    def forwarded_to(self) -> dict[str, tuple[str, ...]]:
        """Return the DLLs that it forwards exports to, and the symbols that they must have."""
        libraries = dict.fromkeys(forward.library for forward in self.forwards)
        return {name: tuple(f.symbol for f in self.forwards if f.library == name) for name in libraries}

    @cached_property
    def undefined(self) -> frozenset[str]:
        """Return the symbols that it imports."""
        return frozenset(symbol for library in self.libraries for symbol in library.symbols)


def is_pe(path: Path) -> bool:
    """Return whether a file has a PE header after its DOS header."""
    with path.open("rb") as stream:
        start = stream.read(64)
        if not start.startswith(MAGIC) or len(start) < 64:
            return False
        stream.seek(struct.unpack_from("<I", start, PE_HEADER_AT)[0])
        return stream.read(4) == PE_SIGNATURE


def read_pe(path: Path, place: str) -> PeFile:
    """Parse a PE file. `place` is its name for messages.

    Raises:
        InvalidPeError: If it cannot be parsed.
    """
    try:
        with open_image(path) as image:
            return _read(image)
    except MALFORMED as err:
        message = f"is a damaged PE file ({err})"
        raise InvalidPeError(Problem(place, message, "Build the file again.")) from err


def _read(image: Image) -> PeFile:
    file_header = image.headers.FILE_HEADER
    header = image.headers.OPTIONAL_HEADER
    machine = int(file_header.Machine)
    is_64_bit = int(header.Magic) == _PE32_PLUS
    name, exports, forwards = _exports(image)
    return PeFile(
        architecture=_MACHINES.get(machine, f"machine {machine:#x}"),
        is_dll=bool(file_header.Characteristics & _DLL),
        name=name,
        libraries=(*_imports(image), *_delayed_imports(image)) if is_64_bit else (),
        exports=exports,
        forwards=forwards,
        subsystem_version=(int(header.MajorSubsystemVersion), int(header.MinorSubsystemVersion)),
        time_stamp=int(file_header.TimeDateStamp),
        is_reproducible=DEBUG_REPRODUCIBLE in _debug_kinds(image),
    )


def _exports(image: Image) -> tuple[str | None, frozenset[str], tuple[ForwardedExport, ...]]:
    address, size = image.directory(Directory.EXPORT)
    if not address:
        return None, frozenset(), ()
    table = ExportDirectory(*EXPORT_DIRECTORY.unpack(image.content(address, EXPORT_DIRECTORY.size)))
    rvas = image.numbers("I", table.names, table.name_count)
    named = dict(zip(image.numbers("H", table.ordinals, table.name_count), map(image.text, rvas)))
    forwards = [
        _forward(named.get(index, f"#{table.first_ordinal + index}"), image.text(rva))
        for index, rva in enumerate(image.numbers("I", table.functions, table.function_count))
        if address <= rva < address + size
    ]
    return image.text(table.name), frozenset(image.text(rva) for rva in rvas), tuple(forwards)


def _forward(name: str, target: str) -> ForwardedExport:
    """Return a forwarded export, whose address is that of a text: `impl.name` or `impl.#7`."""
    library, _, symbol = target.rpartition(".")
    is_whole = library.lower().endswith((".dll", ".drv", ".exe", ".ocx", ".cpl"))
    return ForwardedExport(name, library if is_whole else f"{library}.dll", symbol)


def _imports(image: Image) -> Iterator[ImportedLibrary]:
    address, _ = image.directory(Directory.IMPORT)
    for _, fields in image.records(IMPORT_DESCRIPTOR, address) if address else ():
        entry = ImportDescriptor(*fields)
        symbols = tuple(_symbols(image, entry.lookup or entry.thunks))
        yield ImportedLibrary(image.text(entry.name), symbols, is_delayed=False)


def _delayed_imports(image: Image) -> Iterator[ImportedLibrary]:
    address, _ = image.directory(Directory.DELAY_IMPORT)
    for _, fields in image.records(DELAY_DESCRIPTOR, address) if address else ():
        entry = DelayDescriptor(*fields)
        if not entry.attributes & DELAY_BY_RVA:
            raise ValueError("its delayed imports are those of a 32-bit file")
        yield ImportedLibrary(image.text(entry.name), tuple(_symbols(image, entry.lookup)), is_delayed=True)


def _symbols(image: Image, rva: int) -> Iterator[str]:
    for _, (thunk,) in image.records(THUNK, rva):
        yield f"#{thunk & 0xFFFF}" if thunk & BY_ORDINAL else image.text((thunk & 0x7FFFFFFF) + 2)


def _debug_kinds(image: Image) -> set[int]:
    address, size = image.directory(Directory.DEBUG)
    entries = image.content(address, size - size % DEBUG_ENTRY.size) if address else b""
    return {kind for (kind,) in DEBUG_ENTRY.iter_unpack(entries)}
