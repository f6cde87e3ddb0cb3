"""Checks of the dependencies of native files on the platform, on Python and on each other."""

from __future__ import annotations

from collections.abc import Iterator

from spokeshave.linkage.formats import read_linkage
from spokeshave.linkage.linkage import Fault
from spokeshave.native.elf.file import ElfFile
from spokeshave.native.elf.loading import loading_faults
from spokeshave.native.file import foreign_formats, no_native_code
from spokeshave.verify.findings import Subject, finding, findings
from spokeshave_core.outcomes import Rule
from spokeshave_core.reports.verify import Finding


def check_linking(subject: Subject) -> Iterator[Finding]:
    """Check everything about the wheel's native code that depends on the platform."""
    tree = subject.tree
    platform = subject.expected.platform
    missing = no_native_code(str(tree.name), tree.native_files, tree.static_programs, platform)
    yield from findings(Rule.NO_NATIVE_CODE, missing)
    yield from findings(Rule.ARCHITECTURE, foreign_formats(tree.native_files, platform))
    yield from _loading(subject)
    linkage = read_linkage(platform, tree, subject.expected.abi)
    for fault in Fault:
        yield from findings(Rule(fault.value), linkage.problems(fault))


def _loading(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each file that a loader of Linux refuses, or that ends the process."""
    for file, native in subject.tree.native_files.items():
        faults = loading_faults(subject.tree.root / file, file) if isinstance(native, ElfFile) else ()
        if faults:
            message = f"cannot be loaded: {'; '.join(faults)}"
            yield finding(Rule.LOADING, file, message, "Build the file again, and check the tools that change it.")
