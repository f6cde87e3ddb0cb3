"""The content of an ELF file, parsed once into frozen types. pyelftools parses the headers."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from spokeshave.native.elf.dynamic import DynamicSection
from spokeshave.native.elf.sections import without_sections
from spokeshave.native.name_budget import NameBudget
from spokeshave_core.problems import Problem, SpokeshaveError

MAGIC = b"\x7fELF"
# pyelftools claims to be typed, but most of it is not.
_parse_headers = cast("Callable[[IO[bytes]], Any]", ELFFile)
# Linkers write about ten segments. pyelftools makes an object of each entry of a table, each time that it is read.
_MOST_SEGMENTS = 256
_MOST_SECTIONS = 1 << 17
_MOST_TAGS = 1 << 16
# pyelftools raises the errors of its parsers for malformed files.
MALFORMED = (
    ELFError,
    struct.error,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    OSError,
    MemoryError,
    OverflowError,
)
_EXECUTE = 1
_WRITE = 2
_DF_TEXTREL = 0x4
_DF_1_PIE = 0x08000000
_TEXTS = ("soname", "needed", "rpath", "runpath")
# Prefixes of the names of loaders, which files link to like libraries.
LOADERS = ("ld-linux", "ld64.so.")
_T = TypeVar("_T")


class InvalidElfError(SpokeshaveError):
    """A file with an ELF magic number that cannot be parsed."""


@dataclass(frozen=True)
class ImportedSymbol:
    """A symbol that must come from another library, with its version (`GLIBC_2.28`).

    The name is empty if the file as a whole needs the version (`GLIBC_ABI_DT_RELR`).
    """

    name: str
    version: str
    library: str


@dataclass(frozen=True)
class ElfFile:
    """The dynamic section, the symbols and the segments of one ELF file.

    Attributes:
        rpath: The entries of DT_RPATH.
        runpath: The entries of DT_RUNPATH.
        weak: The undefined symbols that the file works without.
        versions_defined: The versions of its own symbols.
        is_static_program: Whether the kernel alone loads it, as programs of zig and Go.
        has_packed_relocations: Whether its loader must know DT_RELR. Older loaders ignore it.
        machine: The processor, the bits and the byte order.
    """

    machine: tuple[str, int, bool]
    is_dynamic: bool
    is_static_program: bool
    is_shared_object: bool
    interpreter: str | None
    soname: str | None
    needed: tuple[str, ...]
    rpath: tuple[str, ...]
    runpath: tuple[str, ...]
    imports: tuple[ImportedSymbol, ...]
    undefined: frozenset[str]
    weak: frozenset[str]
    exports: frozenset[str]
    versions_defined: frozenset[str]
    stack_flags: int | None
    has_text_relocations: bool
    has_packed_relocations: bool
    has_writable_code: bool

    @property
    def is_loadable(self) -> bool:
        """Return whether a loader loads it. Object files and wholly static programs have no dependencies."""
        return self.is_dynamic

    @property
    def is_library(self) -> bool:
        """Return whether it is a library that other files load, and not a program."""
        return self.is_shared_object and self.interpreter is None

    @property
    def needed_names(self) -> tuple[str, ...]:
        """The names of the libraries that it needs, in the form of `names`."""
        return self.needed

    def names(self, file_name: str) -> frozenset[str]:
        """The name by which other files need it."""
        return frozenset({self.soname or file_name})

    @property
    def search_path(self) -> tuple[str, ...]:
        """Return the entries of both search paths."""
        return self.rpath + self.runpath

    @property
    def versions(self) -> set[str]:
        """Return the symbol versions that the file needs of other libraries, without the loader's own."""
        return {symbol.version for symbol in self.imports}

    @property
    def has_executable_stack(self) -> bool:
        """Return whether the file requests an executable stack. A missing header does not count."""
        return self.stack_flags is not None and bool(self.stack_flags & _EXECUTE)


def open_elf(stream: IO[bytes]) -> Any:
    """Parse the headers of an ELF file.

    Raises:
        ELFError: If a table is not in the file, or is far larger than that of any file. One of `MALFORMED` for others.
    """
    elf = _parse_headers(stream)
    tables = (
        ("segments", elf.num_segments(), elf["e_phentsize"], elf["e_phoff"], elf.structs.Elf_Phdr, _MOST_SEGMENTS),
        ("sections", elf.num_sections(), elf["e_shentsize"], elf["e_shoff"], elf.structs.Elf_Shdr, _MOST_SECTIONS),
    )
    for title, count, size, start, layout, most in tables:
        if count and (count > most or size < layout.sizeof() or start + count * size > elf.stream_len):
            raise ELFError(f"its table of {count} {title} is not in it, or is too large")
    return elf


def is_elf(path: Path) -> bool:
    """Return whether a file begins with ELF's magic number."""
    with path.open("rb") as stream:
        return stream.read(4) == MAGIC


def read_elf(path: Path, place: str) -> ElfFile:
    """Parse an ELF file. `place` is its name for messages.

    Raises:
        InvalidElfError: If it cannot be parsed.
    """
    return parse_elf(path, place, _read)


def parse_elf(path: Path, place: str, read: Callable[[IO[bytes]], _T]) -> _T:
    """Parse a file by a reader of its stream, without its section headers if they are damaged: loaders ignore them."""
    with path.open("rb") as stream:
        try:
            return read(stream)
        except MALFORMED as err:
            try:
                return read(without_sections(stream))
            except MALFORMED:
                raise damaged(place, err) from err


def has_sections(path: Path) -> bool:
    """Return whether a file has readable section headers."""
    with path.open("rb") as stream:
        try:
            elf = open_elf(stream)
            is_whole = elf["e_shoff"] + elf["e_shentsize"] * elf.num_sections() <= elf.stream_len
            return is_whole and any(section["sh_type"] != "SHT_NULL" for section in elf.iter_sections())
        except MALFORMED:
            return False


def _read(stream: IO[bytes]) -> ElfFile:
    elf = open_elf(stream)
    segments: list[Any] = list(elf.iter_segments())
    tags = dynamic_tags(elf)
    sonames = _texts(tags, "DT_SONAME", "soname")
    dynamic = DynamicSection.read(stream, elf, tags)
    undefined = [symbol for symbol in dynamic.symbols if symbol.is_undefined]
    interpreter = next((s.get_interp_name() for s in segments if s["p_type"] == "PT_INTERP"), None)
    return ElfFile(
        machine=(str(elf["e_machine"]), int(elf.elfclass), bool(elf.little_endian)),
        is_dynamic=bool(tags),
        is_static_program=not tags and elf["e_type"] == "ET_EXEC",
        is_shared_object=elf["e_type"] == "ET_DYN",
        interpreter=interpreter,
        soname=sonames[0] if sonames else None,
        needed=_texts(tags, "DT_NEEDED", "needed"),
        rpath=_search_path(tags, "DT_RPATH", "rpath"),
        runpath=_search_path(tags, "DT_RUNPATH", "runpath"),
        imports=_imports(dynamic),
        undefined=frozenset(symbol.name for symbol in undefined),
        weak=frozenset(symbol.name for symbol in undefined if symbol.is_weak),
        exports=frozenset(symbol.name for symbol in dynamic.symbols if symbol.is_exported),
        versions_defined=frozenset(dynamic.defined_versions()),
        stack_flags=next((s["p_flags"] for s in segments if s["p_type"] == "PT_GNU_STACK"), None),
        has_text_relocations=any(_asks_for_text_relocations(tag) for tag in tags),
        has_packed_relocations=_has_packed_relocations(tags, interpreter),
        has_writable_code=any(_is_writable_code(segment) for segment in segments),
    )


def relocated_names(path: Path, place: str) -> frozenset[str]:
    """Return the symbols of a file that its loader looks up.

    Raises:
        InvalidElfError: If the file cannot be parsed.
    """

    def read(stream: IO[bytes]) -> frozenset[str]:
        elf = open_elf(stream)
        return DynamicSection.read(stream, elf, dynamic_tags(elf)).relocated_names()

    return parse_elf(path, place, read)


def damaged(place: str, err: Exception) -> InvalidElfError:
    """Return the error for a file that cannot be parsed."""
    message = f"is a damaged ELF file ({type(err).__name__}: {err})"
    return InvalidElfError(Problem(place, message, "Build the file again."))


def _is_debug_file(elf: Any) -> bool:
    """Return whether it contains separate debug information, with headers of tables but without the tables."""
    section = elf.get_section_by_name(".dynamic")
    return section is not None and section["sh_type"] == "SHT_NOBITS"


def dynamic_tags(elf: Any) -> list[Any]:
    """Return the tags of the dynamic section, with their texts. Empty for a file of debug information."""
    if _is_debug_file(elf):
        return []
    budget = NameBudget(elf.stream_len)
    tags = []
    for segment in elf.iter_segments():
        for tag in segment.iter_tags() if segment["p_type"] == "PT_DYNAMIC" else ():
            budget.spend(sum(len(getattr(tag, attribute, "")) for attribute in _TEXTS))
            tags.append(tag)
            if len(tags) > _MOST_TAGS:
                raise ELFError(f"its dynamic section has more than {_MOST_TAGS} entries")
    return tags


def _texts(dynamic: list[Any], kind: str, attribute: str) -> tuple[str, ...]:
    return tuple(getattr(tag, attribute) for tag in dynamic if tag.entry.d_tag == kind)


def _search_path(tags: list[Any], kind: str, attribute: str) -> tuple[str, ...]:
    # An empty entry is the current directory. glibc and musl ignore a wholly empty path.
    return tuple(entry for path in _texts(tags, kind, attribute) if path for entry in path.split(":"))


def _asks_for_text_relocations(tag: Any) -> bool:
    return tag.entry.d_tag == "DT_TEXTREL" or (tag.entry.d_tag == "DT_FLAGS" and bool(tag.entry.d_val & _DF_TEXTREL))


def _has_packed_relocations(tags: list[Any], interpreter: str | None) -> bool:
    # A program without a loader relocates itself.
    if interpreter is None and any(tag.entry.d_tag == "DT_FLAGS_1" and tag.entry.d_val & _DF_1_PIE for tag in tags):
        return False
    return any(tag.entry.d_tag == "DT_RELR" for tag in tags)


def _is_writable_code(segment: Any) -> bool:
    return bool(segment["p_type"] == "PT_LOAD" and segment["p_flags"] & (_EXECUTE | _WRITE) == _EXECUTE | _WRITE)


def _imports(dynamic: DynamicSection) -> tuple[ImportedSymbol, ...]:
    required = {
        needed.number: (needed.version, needed.library)
        for needed in dynamic.needed_versions()
        if not needed.library.startswith(LOADERS)
    }
    versioned = [symbol for symbol in dynamic.symbols if symbol.version in required]
    found = {ImportedSymbol(symbol.name, *required[symbol.version]) for symbol in versioned}
    named = {(symbol.version, symbol.library) for symbol in found}
    found |= {ImportedSymbol("", *requirement) for requirement in required.values() if requirement not in named}
    return tuple(sorted(found, key=lambda symbol: (symbol.version, symbol.library, symbol.name)))
