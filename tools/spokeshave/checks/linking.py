"""Checks of what ELF files need: symbol versions, libraries, search paths, architecture."""

from __future__ import annotations

from collections.abc import Iterator

from spokeshave.findings import Finding, Rule, Subject, finding, findings
from spokeshave.linkage import (
    Linkage,
    forbidden_symbols,
    foreign_architectures,
    missing_libraries,
    search_path_fault,
    too_new_symbols,
)
from spokeshave.platforms import LinuxPlatform


def check_linking(subject: Subject) -> Iterator[Finding]:
    """Everything about the wheel's native code that the platform decides."""
    if not subject.tree.native_files:
        message = "has a platform tag but holds no native code"
        remedy = "Depend on the extension's target, or build a wheel tagged py3-none-any."
        yield finding(Rule.NO_NATIVE_CODE, str(subject.tree.name), message, remedy)
    if isinstance(subject.expected.platform, LinuxPlatform):
        yield from _elf(subject, subject.expected.platform)


def _elf(subject: Subject, platform: LinuxPlatform) -> Iterator[Finding]:
    linkage = Linkage.read(subject.tree, platform)
    yield from findings(Rule.ARCHITECTURE, foreign_architectures(linkage))
    yield from findings(Rule.SYMBOL_VERSION, too_new_symbols(linkage))
    yield from findings(Rule.FORBIDDEN_SYMBOL, forbidden_symbols(linkage))
    yield from findings(Rule.MISSING_LIBRARY, missing_libraries(linkage))
    yield from _search_paths(subject)


def _search_paths(subject: Subject) -> Iterator[Finding]:
    for file, elf in subject.tree.elf_files.items():
        for entry in dict.fromkeys(elf.search_path):
            fault = search_path_fault(entry, file)
            if fault:
                message = f"looks for libraries in {entry!r}, which {fault}"
                remedy = "Link with a path that begins with $ORIGIN, or repair the wheel, which removes such entries."
                yield finding(Rule.SEARCH_PATH, file, message, remedy)
