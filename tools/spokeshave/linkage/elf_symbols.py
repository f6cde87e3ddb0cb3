"""Symbol resolution by the loaders of glibc and musl: finds symbols that nothing provides.

Python opens an extension with RTLD_NOW and RTLD_LOCAL. Every symbol must be available when it is loaded: in the
interpreter, in the file or in its dependencies. Libraries that another extension loaded do not count.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations

from spokeshave.errors import some
from spokeshave.files import sha256_of_file
from spokeshave.linkage import glibc_symbols
from spokeshave.linkage.elf import PYTHON_SYMBOL, ElfLinkage, clash
from spokeshave.linkage.elf_loader import Process
from spokeshave.linkage.musl_symbols import is_musl_symbol
from spokeshave.native.elf.file import ElfFile, relocated_names
from spokeshave_core.platform import System
from spokeshave_core.problems import Problem

_GLIBC = re.compile(
    r"lib(c\.so\.6|m\.so\.6|mvec\.so\.1|dl\.so\.2|rt\.so\.1|pthread\.so\.0|util\.so\.1)|ld-linux.*|ld64\.so.*"
)
# Names in std or in a namespace of the compiler, new and delete, and the types of the language itself.
_STANDARD = r"(N[rVKRO]*)?(S[tabsiod]|9__gnu_cxx|10__cxxabiv1|n[wa]|d[la])"
_LIBRARIES_BY_SYMBOL = {
    "libstdc++.so.6": re.compile(
        rf"_Z(GV|T[ISVTCHW]|T[hv]\w+_)?{_STANDARD}\w*|_ZT[IS]P?K?[a-z]|__cxa_\w+|__gxx_\w+|__dynamic_cast|__once_\w+"
    ),
    "libz.so.1": re.compile(
        r"(in|de)flate\w*|gz\w+|z(lib|Error)\w*|crc32\w*|adler32\w*|(un)?compress\w*|get_crc_table|_tr_\w+|_dist_code"
        r"|_length_code|z_errmsg|zcalloc|zcfree"
    ),
    "libexpat.so.1": re.compile(r"_?XML_\w+|_INTERNAL_\w+"),
    "libatomic.so.1": re.compile(r"__atomic_\w+|atomic_\w+|__sync_\w+|libat_\w+"),
    "libX11.so.6": re.compile(
        # It depends on libxcb and libXau.
        r"_?X\w+|xcb_\w+|_?Utf8\w+|KeySymToUcs4|read_EncodingInfo|xlocaledir|_qfree|_conv_lock"
    ),
    "libgcc_s.so.1": re.compile(r"_Unwind_\w+|__\w+_frame(_\w+)?|__emutls_\w+|__\w+[sdtxhq][ifc]\d?|__cpu_\w+"),
}


def undefined_symbols(linkage: ElfLinkage) -> list[Problem]:
    """Return problems for symbols that nothing in the process provides, and versions that a library lacks."""
    missing: dict[str, set[str]] = defaultdict(set)
    problems: list[Problem] = []
    for root in linkage.entry_points:
        process = linkage.processes[root]
        for file, elf in process.files.items():
            unknown = set(_missing(linkage, process, elf)) - missing[file]
            if unknown:
                missing[file] |= unknown & relocated_names(linkage.tree.root / file, file)
            problems += _missing_versions(process, file, elf)
    return [*(_undefined(file, sorted(names)) for file, names in missing.items() if names), *dict.fromkeys(problems)]


def _undefined(file: str, names: list[str]) -> Problem:
    message = f"uses {some(names)}, which neither it, nor a library that it links to, nor Python defines"
    return Problem(file, message, "Link the object or library that defines it, or look it up at run time (dlsym).")


def _missing(linkage: ElfLinkage, process: Process, elf: ElfFile) -> Iterator[str]:
    unknown = elf.undefined - elf.weak - process.exports
    if not unknown or process.missing:
        # The symbols of a missing library are unknown. The library itself is reported as missing.
        return
    versioned = {symbol.name: symbol.library for symbol in elf.imports}
    known = {name for (_, name) in process.providers}
    for name in unknown:
        if name in versioned and versioned[name] not in known:
            continue
        if not _may_be_provided(linkage, process, name):
            yield name


def _may_be_provided(linkage: ElfLinkage, process: Process, name: str) -> bool:
    is_program = not linkage.tree.elf_files[process.root].is_library
    if PYTHON_SYMBOL.fullmatch(name):
        return not is_program or bool(process.pythons)
    is_musl = linkage.platform.system is System.MUSL
    if is_musl_symbol(name) if is_musl else name in glibc_symbols.NAMES:
        return True
    if any(_may_have(library, name) for library in process.platform):
        return True
    # A plugin finds its host's symbols, as does a library that is loaded after another one with RTLD_GLOBAL.
    is_plugin = process.root not in linkage.modules
    return (is_plugin or linkage.loader.calls.loads_globally) and name in linkage.exports


def _may_have(library: str, name: str) -> bool:
    """Return whether a library of the platform, which is not available here, may have a symbol."""
    if library in _LIBRARIES_BY_SYMBOL:
        return _LIBRARIES_BY_SYMBOL[library].fullmatch(name) is not None
    return not _GLIBC.fullmatch(library) and not library.startswith(("libc.", "libpthread.so", "libm.so"))


def _missing_versions(process: Process, file: str, elf: ElfFile) -> Iterator[Problem]:
    """Yield versions that a library lacks, which is a load error unless the library has no versions at all."""
    lacking: dict[tuple[str, str], list[str]] = defaultdict(list)
    for symbol in elf.imports:
        provider = process.providers.get((file, symbol.library))
        defined = process.files[provider].versions_defined if provider else frozenset()
        if defined and symbol.version not in defined:
            lacking[symbol.library, symbol.version].append(symbol.name)
    for (library, version), names in lacking.items():
        takes = f"takes {some(sorted(filter(None, names)))} of version" if any(names) else "needs version"
        message = f"{takes} {version} from {library}, but {process.providers[file, library]} has no such version"
        yield Problem(file, message, "Link it against the library that the wheel has.")


def clashing_libraries(linkage: ElfLinkage) -> list[Problem]:
    """Return problems for different libraries of one name in one process: the loader uses the first one for all.

    It is a problem only if the users of one need a symbol that the other does not have.
    """
    users: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    files: dict[str, ElfFile] = {}
    for root in linkage.entry_points:
        process = linkage.processes[root]
        if linkage.tree.elf_files[root].is_library:
            files.update(process.files)
            for (user, name), provider in process.providers.items():
                users[name][provider].add(user)
    clashes = {name: providers for name, providers in users.items() if len(providers) > 1}
    return [
        problem for name, providers in sorted(clashes.items()) for problem in _clashes(linkage, name, providers, files)
    ]


def _clashes(
    linkage: ElfLinkage, name: str, users: dict[str, set[str]], files: dict[str, ElfFile]
) -> Iterator[Problem]:
    hashes = {file: sha256_of_file(linkage.tree.root / file)[0] for file in users}
    for own, other in permutations(sorted(users), 2):
        if hashes[own] == hashes[other]:
            continue
        for user in sorted(users[own]):
            lost = sorted(files[user].undefined & files[own].exports - files[other].exports)
            if lost:
                yield clash(user, name, own, other, lost)
