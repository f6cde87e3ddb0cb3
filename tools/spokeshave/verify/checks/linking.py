"""Checks of the dependencies of native files on the platform, on Python and on each other."""

from __future__ import annotations

from collections.abc import Iterator

from spokeshave.linkage import macho as macho_linkage
from spokeshave.linkage import pe as pe_linkage
from spokeshave.linkage.elf import (
    Linkage,
    forbidden_symbols,
    foreign_architectures,
    missing_libraries,
    python_libraries,
    too_new_symbols,
)
from spokeshave.linkage.elf_symbols import clashing_libraries, undefined_symbols
from spokeshave.linkage.search_path import search_path_fault
from spokeshave.native.file import foreign_formats, no_native_code
from spokeshave.verify.findings import Subject, finding, findings
from spokeshave_core.outcomes import Rule
from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.reports.verify import Finding


def check_linking(subject: Subject) -> Iterator[Finding]:
    """Check everything about the wheel's native code that depends on the platform."""
    platform = subject.expected.platform
    missing = no_native_code(str(subject.tree.name), subject.tree.native_files, platform)
    yield from findings(Rule.NO_NATIVE_CODE, missing)
    yield from findings(Rule.ARCHITECTURE, foreign_formats(subject.tree.native_files, platform))
    if platform.object_format is ObjectFormat.ELF:
        yield from _elf(subject, platform)
    elif platform.object_format is ObjectFormat.MACHO:
        yield from _macho(macho_linkage.MachOLinkage(subject.tree, platform))
    else:
        yield from _pe(pe_linkage.PeLinkage(subject.tree, platform, subject.expected.abi))


def _elf(subject: Subject, platform: Platform) -> Iterator[Finding]:
    linkage = Linkage.read(subject.tree, platform)
    yield from findings(Rule.ARCHITECTURE, foreign_architectures(linkage))
    yield from findings(Rule.SYMBOL_VERSION, too_new_symbols(linkage))
    yield from findings(Rule.FORBIDDEN_SYMBOL, forbidden_symbols(linkage))
    yield from findings(Rule.MISSING_LIBRARY, missing_libraries(linkage))
    yield from findings(Rule.UNDEFINED_SYMBOL, undefined_symbols(linkage))
    yield from findings(Rule.LIBRARY_CLASH, clashing_libraries(linkage))
    yield from findings(Rule.PYTHON_LIBRARY, python_libraries(linkage))
    for file, elf in subject.tree.elf_files.items():
        for entry in dict.fromkeys(elf.search_path):
            fault = search_path_fault(entry, file)
            if fault:
                message = f"looks for libraries in {entry!r}, which {fault}"
                remedy = (
                    "Link with a path that begins with $ORIGIN, or repair the wheel; the repair removes such entries."
                )
                yield finding(Rule.SEARCH_PATH, file, message, remedy)


def _macho(linkage: macho_linkage.MachOLinkage) -> Iterator[Finding]:
    yield from findings(Rule.ARCHITECTURE, macho_linkage.missing_slices(linkage))
    yield from findings(Rule.ARCHITECTURE, linkage.problems(macho_linkage.foreign_systems))
    yield from findings(Rule.MINIMUM_SYSTEM, linkage.problems(macho_linkage.too_new_systems))
    yield from findings(Rule.MISSING_LIBRARY, linkage.problems(macho_linkage.missing_libraries))
    yield from findings(Rule.UNDEFINED_SYMBOL, linkage.problems(macho_linkage.undefined_symbols))
    yield from findings(Rule.INSTALL_NAME, linkage.problems(macho_linkage.build_install_names))
    yield from findings(Rule.SEARCH_PATH, linkage.problems(macho_linkage.search_paths))
    yield from findings(Rule.SIGNATURE, linkage.problems(macho_linkage.bad_signatures))


def _pe(linkage: pe_linkage.PeLinkage) -> Iterator[Finding]:
    yield from findings(Rule.ARCHITECTURE, pe_linkage.foreign_architectures(linkage))
    yield from findings(Rule.MINIMUM_SYSTEM, pe_linkage.too_new_systems(linkage))
    yield from findings(Rule.MISSING_LIBRARY, pe_linkage.missing_libraries(linkage))
    yield from findings(Rule.PYTHON_LIBRARY, pe_linkage.foreign_pythons(linkage))
    yield from findings(Rule.UNDEFINED_SYMBOL, pe_linkage.undefined_symbols(linkage))
    yield from findings(Rule.LIBRARY_CLASH, pe_linkage.clashing_libraries(linkage))
    yield from findings(Rule.TIME_STAMP, pe_linkage.wall_clock_stamps(linkage))
