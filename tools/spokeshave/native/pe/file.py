"""What a PE file (a Windows DLL, an extension module or a program) says about itself: read once into frozen types.

pefile reads the headers and finds addresses in the file. The tables of names are read here: pefile, made for files
that lie, cuts long names, stops at 8,192 of them without an error and copies whole sections.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pefile

from spokeshave.errors import Problem, SpokeshaveError
from spokeshave.native.name_budget import NameBudget

MAGIC = b"MZ"
_MACHINES = {0x8664: "amd64", 0xAA64: "arm64", 0x014C: "win32", 0x01C4: "arm32"}
_SIGNATURE = b"PE\0\0"
# pefile has no types.
_open_headers = cast("Callable[..., Any]", pefile.PE)
_DLL = 0x2000
_PE32_PLUS = 0x20B
_EXPORT = 0
_IMPORT = 1
_DEBUG = 6
_DELAY_IMPORT = 13
# The name, the first ordinal, the numbers of functions and of names, and the tables of functions, names and ordinals.
_EXPORTS = struct.Struct("<12x7I")
_IMPORTED_LIBRARY = struct.Struct("<I8xII")
_DELAYED_LIBRARY = struct.Struct("<II8xI12x")
_BY_RVA = 1
_DEBUG_ENTRY = struct.Struct("<12xI12x")
_REPRODUCIBLE = 16
_THUNK = struct.Struct("<Q")
_BY_ORDINAL = 1 << 63
_MALFORMED = (
    pefile.PEFormatError,
    ValueError,
    IndexError,
    AttributeError,
    struct.error,
    MemoryError,
    OverflowError,
)


class InvalidPeError(SpokeshaveError):
    """A file with a PE magic number that cannot be parsed."""


@dataclass(frozen=True)
class ImportedLibrary:
    """A DLL that the loader looks for, and the symbols taken from it; one taken by number is ``#7``.

    ``is_delayed`` where it is looked for at the first call only.
    """

    name: str
    symbols: tuple[str, ...]
    is_delayed: bool


@dataclass(frozen=True)
class ForwardedExport:
    """An exported symbol (``#7`` for one without a name) that is another DLL's, which the loader then looks for."""

    name: str
    library: str
    symbol: str


@dataclass(frozen=True)
class PeFile:
    """The headers, the imports and the exports of one PE file.

    ``forwards`` are those of the exports that lead to other DLLs. ``name`` is what the file calls itself,
    ``subsystem_version`` the oldest Windows that loads it, and ``time_stamp`` in seconds since 1970 unless
    ``is_reproducible``.
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
        """Always: object files for Windows have another header."""
        return True

    @property
    def is_library(self) -> bool:
        """Whether other files load it, and it is no program."""
        return self.is_dll

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of the DLLs that it imports from, delayed ones too, and of those that it forwards exports to."""
        return tuple(dict.fromkeys([*(library.name for library in self.libraries), *self.forwarded_to]))

    @cached_property
    def forwarded_to(self) -> dict[str, tuple[str, ...]]:
        """The DLLs that it forwards exports to, and the symbols that they must have."""
        libraries = dict.fromkeys(forward.library for forward in self.forwards)
        return {name: tuple(f.symbol for f in self.forwards if f.library == name) for name in libraries}

    @cached_property
    def undefined(self) -> frozenset[str]:
        """The symbols that it imports."""
        return frozenset(symbol for library in self.libraries for symbol in library.symbols)


def is_pe(path: Path) -> bool:
    """Whether a file has a PE header behind its DOS header."""
    with path.open("rb") as stream:
        start = stream.read(64)
        if not start.startswith(MAGIC) or len(start) < 64:
            return False
        stream.seek(struct.unpack_from("<I", start, 60)[0])
        return stream.read(4) == _SIGNATURE


def read_pe(path: Path, place: str) -> PeFile:
    """Read a PE file; ``place`` is its name for the user. Raises `InvalidPeError`."""
    try:
        with closing(_open_headers(str(path), fast_load=True)) as headers:
            return _read(_Image(headers))
    except _MALFORMED as err:
        message = f"is a damaged PE file ({err})"
        raise InvalidPeError(Problem(place, message, "Build the file again.")) from err


@dataclass(frozen=True)
class _Image:
    """A PE file that pefile has mapped into memory; only what is asked for is copied."""

    headers: Any

    @cached_property
    def _budget(self) -> NameBudget:
        return NameBudget(len(self.headers.__data__))

    def offset(self, rva: int) -> int:
        return int(self.headers.get_offset_from_rva(rva))

    def content(self, rva: int, size: int) -> bytes:
        offset = self.offset(rva)
        self._budget.spend(size)
        data = bytes(self.headers.__data__[offset : offset + size])
        if len(data) != size:
            raise ValueError(f"it ends before {size} bytes at {offset}")
        return data

    def text(self, rva: int) -> str:
        """A text that ends with a zero byte."""
        offset = self.offset(rva)
        end = self.headers.__data__.find(b"\0", offset)
        if end < 0:
            raise ValueError(f"a name at {offset} has no end")
        self._budget.spend(end - offset)
        return bytes(self.headers.__data__[offset:end]).decode("utf-8", "surrogateescape")

    def directory(self, index: int) -> tuple[int, int]:
        """The address and size of a data directory; zeros where there is none."""
        directories = self.headers.OPTIONAL_HEADER.DATA_DIRECTORY
        if index >= len(directories):
            return 0, 0
        return int(directories[index].VirtualAddress), int(directories[index].Size)

    def records(self, layout: struct.Struct, rva: int) -> Iterator[tuple[int, ...]]:
        """The records of a table that ends with one of zeros."""
        while True:
            data = self.content(rva, layout.size)
            if not any(data):
                return
            yield layout.unpack(data)
            rva += layout.size


def _read(image: _Image) -> PeFile:
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
        is_reproducible=_REPRODUCIBLE in _debug_kinds(image),
    )


def _exports(image: _Image) -> tuple[str | None, frozenset[str], tuple[ForwardedExport, ...]]:
    address, size = image.directory(_EXPORT)
    if not address:
        return None, frozenset(), ()
    header = _EXPORTS.unpack(image.content(address, _EXPORTS.size))
    name, first, function_count, name_count, functions, names, ordinals = header
    rvas = _numbers(image, names, name_count, "I")
    named = dict(zip(_numbers(image, ordinals, name_count, "H"), map(image.text, rvas)))
    forwards = [
        _forward(named.get(index, f"#{first + index}"), image.text(rva))
        for index, rva in enumerate(_numbers(image, functions, function_count, "I"))
        if address <= rva < address + size
    ]
    return image.text(name), frozenset(image.text(rva) for rva in rvas), tuple(forwards)


def _numbers(image: _Image, rva: int, count: int, kind: str) -> tuple[int, ...]:
    layout = struct.Struct(f"<{count}{kind}")
    return layout.unpack(image.content(rva, layout.size)) if count else ()


def _forward(name: str, target: str) -> ForwardedExport:
    """An export whose address is that of a text: ``impl.name`` or ``impl.#7``."""
    library, _, symbol = target.rpartition(".")
    is_whole = library.lower().endswith((".dll", ".drv", ".exe", ".ocx", ".cpl"))
    return ForwardedExport(name, library if is_whole else f"{library}.dll", symbol)


def _imports(image: _Image) -> Iterator[ImportedLibrary]:
    address, _ = image.directory(_IMPORT)
    for lookup, name, thunks in image.records(_IMPORTED_LIBRARY, address) if address else ():
        yield ImportedLibrary(image.text(name), tuple(_symbols(image, lookup or thunks)), is_delayed=False)


def _delayed_imports(image: _Image) -> Iterator[ImportedLibrary]:
    address, _ = image.directory(_DELAY_IMPORT)
    for attributes, name, lookup in image.records(_DELAYED_LIBRARY, address) if address else ():
        if not attributes & _BY_RVA:
            raise ValueError("its delayed imports are those of a 32-bit file")
        yield ImportedLibrary(image.text(name), tuple(_symbols(image, lookup)), is_delayed=True)


def _symbols(image: _Image, rva: int) -> Iterator[str]:
    for (thunk,) in image.records(_THUNK, rva):
        yield f"#{thunk & 0xFFFF}" if thunk & _BY_ORDINAL else image.text((thunk & 0x7FFFFFFF) + 2)


def _debug_kinds(image: _Image) -> set[int]:
    address, size = image.directory(_DEBUG)
    entries = image.content(address, size - size % _DEBUG_ENTRY.size) if address else b""
    return {kind for (kind,) in _DEBUG_ENTRY.iter_unpack(entries)}
