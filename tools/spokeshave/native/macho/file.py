"""The content of a Mach-O file, parsed once into frozen types by macholib's definitions of the format."""

from __future__ import annotations

import enum
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from posixpath import basename
from typing import Any

from macholib import mach_o
from macholib.ptypes import sizeof

from spokeshave.native.macho.load_commands import LOAD_DYLIBS
from spokeshave.native.macho.symbols import ImportedName, Ordinal, bound_names, chained_names, exported_names
from spokeshave.native.macho.universal import Region, UniversalHeader, is_universal
from spokeshave_core.problems import Problem, SpokeshaveError

_THIN_64 = b"\xcf\xfa\xed\xfe"
_THIN_32 = b"\xce\xfa\xed\xfe"
_ARCHITECTURES = {(7, False): "i386", (7, True): "x86_64", (12, False): "arm", (12, True): "arm64"}
_CPU_64 = 0x01000000
_CPU_FAMILY = 0x00FFFFFF
_CPU_SUBTYPE = 0x00FFFFFF
_ARM64E = 2
_CATALYST = 6
_VERSION_MINIMUM = {
    mach_o.LC_VERSION_MIN_MACOSX: 1,
    mach_o.LC_VERSION_MIN_IPHONEOS: 2,
    mach_o.LC_VERSION_MIN_TVOS: 3,
    mach_o.LC_VERSION_MIN_WATCHOS: 4,
}
_MACOS = 1
_PLATFORMS = {_MACOS: "macOS", 2: "iOS", 3: "tvOS", 4: "watchOS", 6: "Mac Catalyst", 7: "the iOS simulator"}
_ZERO_FILL = {0x1, 0xC, 0x12}


class InvalidMachOError(SpokeshaveError):
    """A file with a Mach-O magic number that cannot be parsed."""


class Kind(enum.Enum):
    """The file type for the loader. The values are those of the format."""

    OBJECT = 1
    EXECUTABLE = 2
    DYLIB = 6
    BUNDLE = 8
    OTHER = 0


@dataclass(frozen=True)
class NeededLibrary:
    """A library that the loader loads first. `how` is empty, or weak, reexport, upward or lazy."""

    name: str
    load_kind: str


@dataclass(frozen=True)
class MachOSlice:
    """The part of a Mach-O file for one architecture, at `region` of the file. Names are in C's spelling.

    Attributes:
        header_pad: The number of bytes by which the load commands can grow.
        signature: The position of the code signature.
    """

    architecture: str
    region: Region
    kind: Kind
    install_name: str | None
    libraries: tuple[NeededLibrary, ...]
    rpaths: tuple[str, ...]
    system: str
    minimum_version: tuple[int, int] | None
    exports: frozenset[str]
    imports: tuple[ImportedName, ...]
    is_two_level: bool
    signature: Region | None
    header_pad: int

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the names of the libraries, in the order of their ordinals."""
        return tuple(library.name for library in self.libraries)

    def provider(self, symbol: ImportedName) -> str | None:
        """Return the name of the library that must have a symbol. None if the loader searches elsewhere (`Ordinal`)."""
        return self.needed[symbol.ordinal - 1] if self.is_two_level and symbol.ordinal > Ordinal.SELF else None


@dataclass(frozen=True)
class MachOFile:
    """A Mach-O file with one slice, or a universal one (`is_universal`) with one for each architecture."""

    slices: tuple[MachOSlice, ...]
    is_universal: bool

    @property
    def architectures(self) -> tuple[str, ...]:
        """Return the architectures, in the order of the file."""
        return tuple(part.architecture for part in self.slices)

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of the libraries that any slice needs."""
        return tuple(dict.fromkeys(name for part in self.slices for name in part.needed))

    @cached_property
    def exports(self) -> frozenset[str]:
        """Return the symbols that every slice exports."""
        return frozenset.intersection(*(part.exports for part in self.slices))

    @cached_property
    def undefined(self) -> frozenset[str]:
        """Return the symbols that any slice needs from other files."""
        return frozenset(symbol.name for part in self.slices for symbol in part.imports)

    @property
    def is_loadable(self) -> bool:
        """Return whether a loader loads it. Object files are not loadable."""
        return self.is_library or all(part.kind is Kind.EXECUTABLE for part in self.slices)

    @property
    def is_library(self) -> bool:
        """Return whether it is a library that other files load, and not a program."""
        return all(part.kind in (Kind.DYLIB, Kind.BUNDLE) for part in self.slices)

    @property
    def needed_names(self) -> tuple[str, ...]:
        """The names of the libraries that it needs, in the form of `names`."""
        return tuple(map(basename, self.needed))

    def names(self, file_name: str) -> frozenset[str]:
        """The last parts of the names by which other files need it; what is before them leads to its folder."""
        return frozenset({file_name, *(basename(part.install_name) for part in self.slices if part.install_name)})


def is_macho(path: Path) -> bool:
    """Return whether a file begins like a Mach-O file, universal or with one slice."""
    with path.open("rb") as stream:
        start = stream.read(8)
        is_thin = len(start) == 8 and start[:4] in (_THIN_64, _THIN_32)
        return is_thin or is_universal(stream)


def read_macho(path: Path, place: str) -> MachOFile:
    """Parse a Mach-O file. `place` is its name for messages.

    Raises:
        InvalidMachOError: If it cannot be parsed.
    """
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            regions = _slices(data)
            slices = tuple(_read_slice(_View(data, region)) for region in regions or [Region(0, len(data))])
    except (ValueError, IndexError, struct.error, MemoryError, OverflowError) as err:
        message = f"is a damaged Mach-O file ({err})"
        raise InvalidMachOError(Problem(place, message, "Build the file again.")) from err
    return MachOFile(slices, regions is not None)


@dataclass(frozen=True)
class _View:
    """The bytes of a slice in a memory-mapped file. Only requested parts are copied."""

    data: mmap.mmap
    region: Region

    def content(self, offset: int, size: int) -> bytes:
        if offset < 0 or size < 0 or offset + size > self.region.size:
            raise ValueError(f"it ends before {size} bytes at {offset}")
        start = self.region.offset + offset
        return self.data[start : start + size]

    def structure(self, kind: Any, offset: int) -> Any:
        return kind.from_str(self.content(offset, sizeof(kind)), _endian_="<")

    def part(self, command: _Command, offset: str, size: str) -> bytes:
        """Return the part of the file that two fields of a load command refer to."""
        return self.content(int(getattr(command.fields, offset)), int(getattr(command.fields, size)))

    def text(self, offset: int, end: int) -> str:
        """Return a text that ends with a zero byte, or at `end`."""
        start = self.region.offset + offset
        stop = self.region.offset + min(end, self.region.size)
        zero = self.data.find(b"\0", start, stop)
        return self.data[start : stop if zero < 0 else zero].decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class _Command:
    """A load command: its kind, its position, and its fields."""

    kind: int
    offset: int
    size: int
    fields: Any


def _slices(data: mmap.mmap) -> list[Region] | None:
    """Return the positions of a universal file's slices. None for any other file."""
    header = UniversalHeader.read(data)
    if header is None:
        return None
    regions = [entry.region for entry in header.entries]
    if not regions or any(region.offset + region.size > len(data) for region in regions):
        raise ValueError("its list of architectures does not fit its size")
    return regions


def _read_slice(view: _View) -> MachOSlice:
    if view.content(0, 4) != _THIN_64:
        raise ValueError("it is not a 64-bit little-endian one")
    header = view.structure(mach_o.mach_header_64, 0)
    commands = list(_commands(view, header))
    by_kind = {command.kind: command for command in commands}
    identity = by_kind.get(mach_o.LC_ID_DYLIB)
    signature = by_kind.get(mach_o.LC_CODE_SIGNATURE)
    system, minimum_version = _build_version(commands)
    kind = int(header.filetype)
    libraries = tuple(_libraries(view, commands))
    imports = _imports(view, by_kind)
    if any(symbol.ordinal > len(libraries) for symbol in imports):
        raise ValueError("it binds symbols of more libraries than it lists")
    return MachOSlice(
        architecture=_architecture(header),
        region=view.region,
        kind=Kind(kind) if kind in {known.value for known in Kind} else Kind.OTHER,
        install_name=_command_text(view, identity, "name") if identity else None,
        libraries=libraries,
        rpaths=tuple(_command_text(view, command, "path") for command in commands if command.kind == mach_o.LC_RPATH),
        system=system,
        minimum_version=minimum_version,
        exports=_exports(view, by_kind),
        imports=imports,
        is_two_level=bool(header.flags & mach_o.MH_TWOLEVEL),
        signature=Region(int(signature.fields.dataoff), int(signature.fields.datasize)) if signature else None,
        header_pad=_first_content(view, commands) - (sizeof(header) + int(header.sizeofcmds)),
    )


def _architecture(header: Any) -> str:
    cpu = int(header.cputype) & 0xFFFFFFFF
    name = _ARCHITECTURES.get((cpu & _CPU_FAMILY, bool(cpu & _CPU_64)), f"cpu {cpu:#x}")
    return "arm64e" if name == "arm64" and int(header.cpusubtype) & _CPU_SUBTYPE == _ARM64E else name


def _commands(view: _View, header: Any) -> Iterator[_Command]:
    offset = sizeof(header)
    end = sizeof(header) + int(header.sizeofcmds)
    for _ in range(int(header.ncmds)):
        command = view.structure(mach_o.load_command, offset)
        kind = int(command.cmd)
        size = int(command.cmdsize)
        if size < sizeof(command) or offset + size > end:
            raise ValueError(f"load command {kind:#x} does not fit")
        layout = mach_o.LC_REGISTRY.get(kind)
        yield _Command(
            kind=kind, offset=offset, size=size, fields=layout and view.structure(layout, offset + sizeof(command))
        )
        offset += size


def _libraries(view: _View, commands: list[_Command]) -> Iterator[NeededLibrary]:
    for command in commands:
        if command.kind in LOAD_DYLIBS:
            yield NeededLibrary(_command_text(view, command, "name"), LOAD_DYLIBS[command.kind])


def _command_text(view: _View, command: _Command, field: str) -> str:
    return view.text(command.offset + int(getattr(command.fields, field)), command.offset + command.size)


def _build_version(commands: list[_Command]) -> tuple[str, tuple[int, int] | None]:
    """Return a slice's system and its oldest version. A slice for macOS and Mac Catalyst counts as macOS."""
    found = {}
    for command in commands:
        if command.kind == mach_o.LC_BUILD_VERSION:
            found[int(command.fields.platform)] = int(command.fields.minos)
        elif command.kind in _VERSION_MINIMUM:
            found[_VERSION_MINIMUM[command.kind]] = int(command.fields.version)
    if not found:
        return _PLATFORMS[_MACOS], None
    others = found.keys() - {_MACOS, _CATALYST}
    system = min(others) if others else _MACOS if _MACOS in found else min(found)
    return _PLATFORMS.get(system, f"system {system}"), (found[system] >> 16, found[system] >> 8 & 0xFF)


def _first_content(view: _View, commands: list[_Command]) -> int:
    """Return the offset of the first byte after the header that belongs to a section or else to a segment."""
    offsets = [view.region.size]
    for command in commands:
        if command.kind != mach_o.LC_SEGMENT_64:
            continue
        first = command.offset + sizeof(mach_o.load_command) + sizeof(command.fields)
        count = int(command.fields.nsects)
        size = sizeof(mach_o.section_64)
        sections = [view.structure(mach_o.section_64, first + index * size) for index in range(count)]
        offsets += [int(s.offset) for s in sections if s.offset and int(s.flags) & 0xFF not in _ZERO_FILL]
        offsets += [int(command.fields.fileoff)] if not sections and command.fields.fileoff else []
    return min(offsets)


def _exports(view: _View, by_kind: dict[int, _Command]) -> frozenset[str]:
    information = _dyld_information(by_kind)
    if information:
        return frozenset(exported_names(view.part(information, "export_off", "export_size")))
    trie = by_kind.get(mach_o.LC_DYLD_EXPORTS_TRIE)
    return frozenset(exported_names(view.part(trie, "dataoff", "datasize"))) if trie else frozenset()


def _imports(view: _View, by_kind: dict[int, _Command]) -> tuple[ImportedName, ...]:
    information = _dyld_information(by_kind)
    chained = by_kind.get(mach_o.LC_DYLD_CHAINED_FIXUPS)
    if chained:
        found = set(chained_names(view.part(chained, "dataoff", "datasize")))
    elif information:
        # Weak bindings besides these are defined here, or are also among these.
        found = set(bound_names(view.part(information, "bind_off", "bind_size")))
        found |= set(bound_names(view.part(information, "lazy_bind_off", "lazy_bind_size")))
    else:
        found = set()
    return tuple(sorted(found))


def _dyld_information(by_kind: dict[int, _Command]) -> _Command | None:
    return by_kind.get(mach_o.LC_DYLD_INFO_ONLY) or by_kind.get(mach_o.LC_DYLD_INFO)
