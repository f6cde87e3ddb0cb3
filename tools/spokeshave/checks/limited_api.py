"""The check of the limited API (PEP 384), by abi3audit."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from abi3audit._audit import AuditError, AuditResult, audit
from abi3audit._extract import SharedObjectExtractor, SharedObjectSpec
from abi3info.models import PyVersion

from spokeshave.extension_module import find_modules
from spokeshave.findings import Finding, Rule, Subject, finding

_SHOWN = 12


def check_limited_api(subject: Subject) -> Iterator[Finding]:
    """Every library of a limited-API wheel that uses Python, and every ``.abi3.so`` in any wheel."""
    version = subject.expected.abi.python_version or (3, 2)
    for file in _libraries(subject):
        try:
            result = _audit(subject.tree.root / file, PyVersion(*version))
        except AuditError as err:
            yield finding(Rule.LIMITED_API, file, f"could not be checked for the limited API: {err}", "Build it again.")
        else:
            yield from _violations(file, result, version)


def _libraries(subject: Subject) -> list[str]:
    if subject.expected.abi.is_limited:
        return [file for file, elf in subject.tree.elf_files.items() if any(map(_is_python, elf.undefined))]
    modules = find_modules(subject.tree.installed, subject.tree.native_files)
    return [module.file for module in modules if module.suffix_tag == "abi3"]


def _is_python(symbol: str) -> bool:
    return symbol.startswith(("Py", "_Py"))


def _audit(library: Path, version: PyVersion) -> AuditResult:
    # abi3audit tells a library's kind from its name; grafted ones have names such as libcore-1a2b3c4d.so.1.
    with tempfile.TemporaryDirectory(prefix="spokeshave-audit-") as folder:
        link = Path(folder) / "library.abi3.so"
        link.symlink_to(library)
        (shared_object,) = SharedObjectExtractor(SharedObjectSpec(link))
        return audit(shared_object, assume_minimum_abi3=version)


def _violations(file: str, result: AuditResult, version: tuple[int, int]) -> Iterator[Finding]:
    floor = ".".join(map(str, version))
    outside = sorted(symbol.name for symbol in result.non_abi3_symbols)
    if outside:
        message = f"uses {_some(outside)}, which the limited API does not have"
        remedy = (
            "Compile with Py_LIMITED_API set and use what it offers in their place, or build a wheel for each Python."
        )
        yield finding(Rule.LIMITED_API, file, message, remedy)
    later = sorted((str(symbol.added), symbol.symbol.name) for symbol in result.future_abi3_objects)
    if later:
        names = [f"{name} (since {added})" for added, name in later]
        message = f"uses {_some(names)}, but the wheel is for Python {floor} and later"
        remedy = f'Set limited_api="{result.computed}", or do without them.'
        yield finding(Rule.LIMITED_API, file, message, remedy)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
