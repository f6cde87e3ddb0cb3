"""What an ELF file says about itself: read once by pyelftools into frozen types."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from spokeshave.errors import Problem, SpokeshaveError

MAGIC = b"\x7fELF"
# pyelftools says that it is typed, but most of it is not.
open_elf = cast("Callable[[IO[bytes]], Any]", ELFFile)
_MALFORMED = (ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, OSError)
_EXECUTE, _WRITE = 1, 2
_DF_TEXTREL = 0x4
_VERSION_INDEX = 0x7FFF
# A symbol's name, its binding and kind, its visibility and the section that defines it.
_SYMBOL_64, _SYMBOL_32 = "IBBH16x", "I8xBBH"
_UNDEFINED, _LOCAL, _WEAK, _VISIBILITY = 0, 0, 2, 3
_VISIBLE = (0, 3)
_LOADERS = ("ld-linux", "ld64.so.")


class InvalidElfError(SpokeshaveError):
    """A file that begins like an ELF file and is none."""


@dataclass(frozen=True)
class ImportedSymbol:
    """A symbol that must come from another library, with its version (``GLIBC_2.28``).

    The name is empty where the file as a whole needs the version (``GLIBC_ABI_DT_RELR``).
    """

    name: str
    version: str
    library: str


class _Symbol(NamedTuple):
    """A dynamic symbol; ``version`` is its index among the versions of the file."""

    name: str
    binding: int
    visibility: int
    is_undefined: bool
    version: int

    @property
    def is_exported(self) -> bool:
        """Whether other files can use it."""
        return not self.is_undefined and self.binding != _LOCAL and self.visibility in _VISIBLE


@dataclass(frozen=True)
class ElfFile:
    """The dynamic section, the symbols and the segments of one ELF file.

    ``weak`` are those of the undefined symbols that it works without.
    """

    is_dynamic: bool
    is_shared_object: bool
    interpreter: str | None
    soname: str | None
    needed: tuple[str, ...]
    search_path: tuple[str, ...]
    imports: tuple[ImportedSymbol, ...]
    undefined: frozenset[str]
    weak: frozenset[str]
    exports: frozenset[str]
    stack_flags: int | None
    has_text_relocations: bool
    has_writable_code: bool

    @property
    def is_loadable(self) -> bool:
        """Whether a loader loads it: object files and wholly static programs have nothing to link."""
        return self.is_dynamic

    @property
    def is_library(self) -> bool:
        """Whether other files load it, and it is no program."""
        return self.is_shared_object and self.interpreter is None

    @property
    def versions(self) -> set[str]:
        """Every symbol version that the file asks of other libraries, the loader's own apart."""
        return {symbol.version for symbol in self.imports}

    @property
    def has_executable_stack(self) -> bool:
        """Whether the file asks for a stack that can hold code; no statement counts as none."""
        return self.stack_flags is not None and bool(self.stack_flags & _EXECUTE)


def is_elf(path: Path) -> bool:
    """Whether a file begins with ELF's magic number."""
    with path.open("rb") as stream:
        return stream.read(4) == MAGIC


def read_elf(path: Path, place: str) -> ElfFile:
    """Read an ELF file; ``place`` is its name for the user. Raises `InvalidElfError`."""
    with path.open("rb") as stream:
        try:
            return _read(stream)
        # pyelftools meets malformed files with whatever its parsers run into.
        except (ELFError, struct.error, *_MALFORMED) as err:
            message = f"is a damaged ELF file ({type(err).__name__}: {err})"
            raise InvalidElfError(Problem(place, message, "Build the file again.")) from err


def _read(stream: IO[bytes]) -> ElfFile:
    elf = open_elf(stream)
    segments: list[Any] = list(elf.iter_segments())
    dynamic = [tag for segment in segments if segment["p_type"] == "PT_DYNAMIC" for tag in segment.iter_tags()]
    sonames = _texts(dynamic, "DT_SONAME", "soname")
    symbols = list(_symbols(elf))
    return ElfFile(
        is_dynamic=bool(dynamic),
        is_shared_object=elf["e_type"] == "ET_DYN",
        interpreter=next((s.get_interp_name() for s in segments if s["p_type"] == "PT_INTERP"), None),
        soname=sonames[0] if sonames else None,
        needed=_texts(dynamic, "DT_NEEDED", "needed"),
        search_path=_search_path(dynamic),
        imports=_imports(elf, symbols),
        undefined=frozenset(symbol.name for symbol in symbols if symbol.is_undefined and symbol.name),
        weak=frozenset(symbol.name for symbol in symbols if symbol.is_undefined and symbol.binding == _WEAK),
        exports=frozenset(symbol.name for symbol in symbols if symbol.is_exported),
        stack_flags=next((s["p_flags"] for s in segments if s["p_type"] == "PT_GNU_STACK"), None),
        has_text_relocations=any(_asks_for_text_relocations(tag) for tag in dynamic),
        has_writable_code=any(_is_writable_code(segment) for segment in segments),
    )


def _texts(dynamic: list[Any], kind: str, attribute: str) -> tuple[str, ...]:
    return tuple(getattr(tag, attribute) for tag in dynamic if tag.entry.d_tag == kind)


def _search_path(dynamic: list[Any]) -> tuple[str, ...]:
    paths = _texts(dynamic, "DT_RPATH", "rpath") + _texts(dynamic, "DT_RUNPATH", "runpath")
    return tuple(entry for path in paths for entry in path.split(":"))


def _asks_for_text_relocations(tag: Any) -> bool:
    return tag.entry.d_tag == "DT_TEXTREL" or (tag.entry.d_tag == "DT_FLAGS" and bool(tag.entry.d_val & _DF_TEXTREL))


def _is_writable_code(segment: Any) -> bool:
    return bool(segment["p_type"] == "PT_LOAD" and segment["p_flags"] & (_EXECUTE | _WRITE) == _EXECUTE | _WRITE)


def _symbols(elf: Any) -> Iterator[_Symbol]:
    """The dynamic symbols. pyelftools would make some ten objects of each."""
    section = elf.get_section_by_name(".dynsym")
    if section is None:
        return
    order = "<" if elf.little_endian else ">"
    layout = struct.Struct(order + (_SYMBOL_64 if elf.elfclass == 64 else _SYMBOL_32))
    names = elf.get_section(section["sh_link"]).data()
    versions = _version_indexes(elf, order)
    for index, (start, information, other, place) in enumerate(layout.iter_unpack(section.data())):
        name = names[start : names.index(b"\0", start)].decode("utf-8", "surrogateescape")
        version = versions[index] & _VERSION_INDEX if index < len(versions) else 0
        yield _Symbol(name, information >> 4, other & _VISIBILITY, place == _UNDEFINED, version)


def _version_indexes(elf: Any, order: str) -> Sequence[int]:
    section = elf.get_section_by_name(".gnu.version")
    data = section.data() if section else b""
    return struct.unpack(f"{order}{len(data) // 2}H", data)


def _imports(elf: Any, symbols: list[_Symbol]) -> tuple[ImportedSymbol, ...]:
    required = {index: (version, library) for index, version, library in _required_versions(elf)}
    found = {ImportedSymbol(symbol.name, *required[symbol.version]) for symbol in symbols if symbol.version in required}
    named = {(symbol.version, symbol.library) for symbol in found}
    found |= {ImportedSymbol("", *requirement) for requirement in required.values() if requirement not in named}
    return tuple(sorted(found, key=lambda symbol: (symbol.version, symbol.library, symbol.name)))


def _required_versions(elf: Any) -> Iterator[tuple[int, str, str]]:
    section = elf.get_section_by_name(".gnu.version_r")
    if not isinstance(section, GNUVerNeedSection):
        return
    for library, versions in cast("Any", section).iter_versions():
        if not library.name.startswith(_LOADERS):
            yield from ((version["vna_other"] & _VERSION_INDEX, version.name, library.name) for version in versions)
