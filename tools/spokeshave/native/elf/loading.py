"""What loaders ask of an ELF file before they run any of it: glibc's `dl-load.c`, `dl-version.c` and `dl-lookup.c`.

A file that breaks it cannot be imported, or ends the process. Linkers write such files only when they are broken;
tools that edit files do more often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from spokeshave.native.elf.dynamic import DynamicSection, RawSymbol
from spokeshave.native.elf.file import dynamic_tags, open_elf, parse_elf

_SYSTEMS = ("ELFOSABI_SYSV", "ELFOSABI_LINUX")
_PAGE = 0x1000
_LARGEST_ALIGNMENT = 1 << 30
_READ_OR_EXECUTE = 5
_EXECUTE = 1
# Tags that make sense together only.
_GROUPS = (
    ("DT_RELA", "DT_RELASZ", "DT_RELAENT"),
    ("DT_REL", "DT_RELSZ", "DT_RELENT"),
    ("DT_RELR", "DT_RELRSZ", "DT_RELRENT"),
    ("DT_JMPREL", "DT_PLTRELSZ", "DT_PLTREL"),
    ("DT_INIT_ARRAY", "DT_INIT_ARRAYSZ"),
    ("DT_FINI_ARRAY", "DT_FINI_ARRAYSZ"),
    ("DT_STRTAB", "DT_STRSZ"),
    ("DT_SYMTAB", "DT_SYMENT"),
    ("DT_VERNEED", "DT_VERNEEDNUM"),
    ("DT_VERDEF", "DT_VERDEFNUM"),
)
_ADDRESSES = frozenset(
    "DT_STRTAB DT_SYMTAB DT_RELA DT_REL DT_RELR DT_JMPREL DT_INIT DT_FINI DT_INIT_ARRAY DT_FINI_ARRAY DT_HASH"
    " DT_GNU_HASH DT_VERSYM DT_VERNEED DT_VERDEF".split()
)
_TEXTS = ("DT_NEEDED", "DT_SONAME", "DT_RPATH", "DT_RUNPATH")
_REPEATED = ("DT_NULL", "DT_NEEDED", "DT_AUXILIARY", "DT_FILTER")
_NO_OPEN = 0x40
_PROGRAM = 0x08000000
_VERSION_OF_NEEDS = 1
_MOST_NEEDS = 1 << 15
_GLOBAL_OR_WEAK = (1, 2)
_BINDINGS = (0, 1, 2, 10)
_CODE_KINDS = (0, 2)
_MOST_INIT_FUNCTIONS = 256
_RESERVED_SECTIONS = 0xFF00
_FIRST_VERSION = 2
_SHOWN = 5
# What Python asks the loader for.
_INIT_FUNCTIONS = ("PyInit_", "PyInitU_", "PyModExport_", "PyModExportU_")


def loading_faults(path: Path, place: str) -> Sequence[str]:
    """Return why loaders refuse a file or crash. Empty for files that are not loaded, such as objects.

    Raises:
        InvalidElfError: If it cannot be parsed.
    """

    def read(stream: IO[bytes]) -> Sequence[str]:
        elf = open_elf(stream)
        return tuple(islice(_faults(stream, elf, dynamic_tags(elf)), _SHOWN))

    return parse_elf(path, place, read)


def _faults(stream: IO[bytes], elf: Any, tags: list[Any]) -> Iterator[str]:
    if not tags:
        return
    segments: list[Any] = list(elf.iter_segments())
    loads = [segment for segment in segments if segment["p_type"] == "PT_LOAD"]
    dynamic = DynamicSection.read(stream, elf, tags)
    if _is_static_program(segments, tags, dynamic.tags):
        return
    is_program = any(segment["p_type"] == "PT_INTERP" for segment in segments)
    yield from _header_faults(elf)
    yield from _segment_faults(elf, loads)
    for segment in segments:
        if segment["p_type"] == "PT_DYNAMIC" and not _in_file(loads, segment["p_vaddr"], segment["p_filesz"]):
            yield "its dynamic section is in no segment that is loaded"
    tag_faults = list(_tag_faults(elf, tags, dynamic.tags, loads, is_program=is_program))
    yield from tag_faults
    versions: set[int] = set(_numbers_of_defined(dynamic))
    yield from _need_faults(dynamic, [tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"], versions)
    yield from _symbol_faults(dynamic, loads, versions)
    if not tag_faults:
        yield from _relocation_faults(dynamic, loads)


def _is_static_program(segments: list[Any], tags: list[Any], values: Mapping[str, int]) -> bool:
    """Return whether the kernel alone loads a file: a program that needs no library, as Rust's for musl are."""
    kinds = {*(segment["p_type"] for segment in segments), *(tag.entry.d_tag for tag in tags)}
    return bool(values.get("DT_FLAGS_1", 0) & _PROGRAM) and not {"PT_INTERP", "DT_NEEDED"} & kinds


def _header_faults(elf: Any) -> Iterator[str]:
    ident = elf.header.e_ident
    if ident.EI_VERSION != "EV_CURRENT" or elf["e_version"] != "EV_CURRENT":
        yield "its header has an unknown version of the format"
    if ident.EI_OSABI not in _SYSTEMS or (ident.EI_ABIVERSION and ident.EI_OSABI == "ELFOSABI_SYSV"):
        yield f"its header names another system ({ident.EI_OSABI}, version {ident.EI_ABIVERSION})"
    if elf["e_phentsize"] != elf.structs.Elf_Phdr.sizeof():
        yield "its header has a wrong size of segment headers"


def _segment_faults(elf: Any, loads: list[Any]) -> Iterator[str]:
    end = 0
    for segment in loads:
        alignment = segment["p_align"]
        place = f"its segment at {segment['p_vaddr']:#x}"
        if alignment % _PAGE or alignment & (alignment - 1) or not 0 < alignment <= _LARGEST_ALIGNMENT:
            yield f"{place} has the alignment {alignment:#x}"
        elif (segment["p_vaddr"] - segment["p_offset"]) % alignment:
            yield f"{place} has a position that does not fit its alignment"
        if segment["p_filesz"] > segment["p_memsz"] or segment["p_offset"] + segment["p_filesz"] > elf.stream_len:
            yield f"{place} is larger than the file or than its memory"
        if not segment["p_flags"] & _READ_OR_EXECUTE and segment["p_memsz"]:
            yield f"{place} cannot be read"
        if segment["p_vaddr"] < end:
            yield f"{place} is before the end of the previous one"
        end = segment["p_vaddr"] + segment["p_memsz"]


def _tag_faults(
    elf: Any, tags: list[Any], values: Mapping[str, int], loads: list[Any], *, is_program: bool
) -> Iterator[str]:
    counts = Counter(tag.entry.d_tag for tag in tags)
    for kind in sorted(str(kind) for kind, count in counts.items() if kind not in _REPEATED and count > 1):
        yield f"its dynamic section has {kind} twice"
    for group in _GROUPS:
        found = [kind for kind in group if kind in values]
        if found and len(found) != len(group) and any(values[kind] for kind in found if kind != "DT_PLTREL"):
            yield f"its dynamic section has {found[0]} without {next(kind for kind in group if kind not in values)}"
    required = ("DT_STRTAB", "DT_SYMTAB", *(["DT_VERSYM"] if "DT_VERNEED" in values else []))
    yield from (f"its dynamic section lacks {kind}" for kind in required if kind not in values)
    if not {"DT_HASH", "DT_GNU_HASH"} & values.keys():
        yield "its dynamic section has no table of hashes"
    for kind in sorted(_ADDRESSES & values.keys()):
        if values[kind] and not _in_memory(loads, values[kind]):
            yield f"{kind} leads to no segment that is loaded"
    if any(tag.entry.d_tag in _TEXTS and tag.entry.d_val >= values.get("DT_STRSZ", 0) for tag in tags):
        yield "a name of its dynamic section is not in the table of names"
    word = elf.elfclass // 8
    sizes = {"DT_RELAENT": 3 * word, "DT_RELENT": 2 * word, "DT_RELRENT": word, "DT_SYMENT": 24 if word == 8 else 16}
    for kind, size in sizes.items():
        if values.get(kind, size) != size:
            yield f"{kind} is {values[kind]}, and not {size}"
    if not is_program and values.get("DT_FLAGS_1", 0) & (_NO_OPEN | _PROGRAM):
        yield "its flags forbid to load it from a running program (DF_1_NOOPEN, DF_1_PIE)"


def _numbers_of_defined(dynamic: DynamicSection) -> Iterator[int]:
    """Yield the numbers of the versions that the file defines."""
    address = dynamic.tags.get("DT_VERDEF", 0)
    for _ in range(min(dynamic.tags.get("DT_VERDEFNUM", 0), _MOST_NEEDS)):
        index, following = dynamic.unpack("4xH10xI", address)
        yield index & 0x7FFF
        address += following
        if not following:
            return


def _need_faults(dynamic: DynamicSection, needed: Sequence[str], versions: set[int]) -> Iterator[str]:
    """Yield faults of the needed versions, which the loader finds by links and not by their numbers.

    Args:
        versions: Receives the number of each.
    """
    address = dynamic.tags.get("DT_VERNEED", 0)
    records = 0
    left = _MOST_NEEDS
    following = 1
    while address and following and left:
        form, count, name, entry, following = dynamic.unpack("HHIII", address)
        library = dynamic.text(name)
        if form != _VERSION_OF_NEEDS:
            yield f"its needed versions have the unknown form {form}"
        if library not in needed:
            yield f"it needs versions of {library!r}, which it does not need"
        records += 1
        step = 1
        place = address + entry
        found = 0
        while step and left:
            left -= 1
            stated, _, number, at, step = dynamic.unpack("IHHII", place)
            version = dynamic.text(at)
            if stated != _hash(version):
                yield f"its needed version {version!r} of {library} has the hash of another one"
            versions.add(number & 0x7FFF)
            place += step
            found += 1
        if found != count:
            yield f"its needed versions of {library} are {found}, and not {count}"
        address += following
    if records != dynamic.tags.get("DT_VERNEEDNUM", 0):
        yield f"it needs versions of {records} libraries, and not of {dynamic.tags.get('DT_VERNEEDNUM', 0)}"


def _symbol_faults(dynamic: DynamicSection, loads: list[Any], versions: set[int]) -> Iterator[str]:
    init_functions = 0
    executable = [segment for segment in loads if segment["p_flags"] & _EXECUTE]
    for number, symbol in enumerate(dynamic.raw_symbols):
        if not number:
            continue
        if symbol.binding not in _BINDINGS or (not symbol.name_at and symbol.binding):
            yield f"its symbol {number} has no name, or an unknown binding"
            continue
        if symbol.version >= _FIRST_VERSION and symbol.version not in versions:
            yield f"{dynamic.text(symbol.name_at)!r} has a version that the file does not know"
        if symbol.is_undefined:
            if symbol.name_at and (symbol.binding not in _GLOBAL_OR_WEAK or symbol.visibility):
                yield f"{dynamic.text(symbol.name_at)!r} is undefined, and hidden from other files"
        elif symbol.is_exported:
            name = dynamic.text(symbol.name_at)
            init_functions += name.startswith(_INIT_FUNCTIONS)
            if init_functions <= _MOST_INIT_FUNCTIONS:
                yield from _function_faults(dynamic, symbol, name, executable)


def _function_faults(dynamic: DynamicSection, symbol: RawSymbol, name: str, executable: list[Any]) -> Iterator[str]:
    is_code = symbol.section < _RESERVED_SECTIONS and _in_memory(executable, symbol.value)
    is_init = name.startswith(_INIT_FUNCTIONS)
    if is_init and symbol.kind not in _CODE_KINDS:
        yield f"{name!r} is not a function"
    # Of others, assemblers also mark tables as functions.
    if is_init and not is_code:
        yield f"{name!r} is not in a segment that is executed"
    if is_init and symbol.is_hidden:
        yield f"{name!r} has a version that Python does not ask for"
    if is_init and not dynamic.finds(name):
        yield f"{name!r} is not found by its hash"


def _relocation_faults(dynamic: DynamicSection, loads: list[Any]) -> Iterator[str]:
    for page in sorted(dynamic.relocated_pages()):
        if not any(_in_memory(loads, address) for address in (page, page + _PAGE - 1)):
            yield f"a relocation changes the page at {page:#x}, which is in no segment that is loaded"
    executable = [segment for segment in loads if segment["p_flags"] & _EXECUTE]
    symbols = dynamic.raw_symbols
    for number in sorted(dynamic.called_symbols()):
        symbol = symbols[number] if number < len(symbols) else None
        if symbol is None or symbol.is_undefined or symbol.section >= _RESERVED_SECTIONS:
            continue
        if not _in_memory(executable, symbol.value):
            yield f"{dynamic.text(symbol.name_at)!r} is called, and not in a segment that is executed"


def _in_memory(segments: list[Any], address: int) -> bool:
    """Return whether an address is in a segment. Whole pages are mapped, which patchelf relies on."""
    return any(
        segment["p_vaddr"] <= address < _page_end(segment["p_vaddr"] + segment["p_memsz"]) for segment in segments
    )


def _in_file(segments: list[Any], address: int, size: int) -> bool:
    return any(
        segment["p_vaddr"] <= address and address + size <= _page_end(segment["p_vaddr"] + segment["p_filesz"])
        for segment in segments
    )


def _page_end(address: int) -> int:
    return address + -address % _PAGE


def _hash(name: str) -> int:
    """Return the hash of System V's ABI."""
    value = 0
    for byte in name.encode("utf-8", "surrogateescape"):
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ high >> 24) & ~high & 0xFFFFFFFF
    return value
