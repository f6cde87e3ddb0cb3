"""Checks of ELF segments that hardened systems and newer C libraries refuse to load."""

from __future__ import annotations

from collections.abc import Iterator

from spokeshave.verify.findings import Subject, finding
from spokeshave_core.outcomes import Rule
from spokeshave_core.reports.verify import Finding


def check_hardening(subject: Subject) -> Iterator[Finding]:
    """Check for executable stacks, writable code, and relocations in code."""
    for file, elf in subject.tree.elf_files.items():
        if elf.has_executable_stack:
            message = "requests an executable stack; glibc 2.41 and later refuse to load such a library"
            remedy = "Add a .note.GNU-stack section to its assembly sources, or link with -Wl,-z,noexecstack."
            yield finding(Rule.EXECUTABLE_STACK, file, message, remedy)
        if elf.has_writable_code:
            message = "has a segment that can be both written to and executed"
            remedy = (
                "Link without -N and -Wl,--omagic, and without sections of your own that are both writable and "
                "executable; see readelf -lW."
            )
            yield finding(Rule.WRITABLE_CODE, file, message, remedy)
        if elf.has_text_relocations:
            message = "has relocations in its code (DT_TEXTREL), which hardened systems refuse"
            yield finding(Rule.TEXT_RELOCATION, file, message, "Compile every object of it with -fPIC.")
