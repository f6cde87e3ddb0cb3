"""The check of the limited API (PEP 384), by abi3audit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from abi3audit._audit import AuditResult, audit
from abi3info.models import PyVersion, Symbol

from spokeshave.native.file import NativeFile
from spokeshave.verify.findings import Finding, Rule, Subject, finding
from spokeshave.wheel.modules import find_modules

_SHOWN = 12


@dataclass(frozen=True)
class _Symbols:
    """What abi3audit takes for a library: the symbols that a native file of any format takes from others.

    abi3audit's own readers hold whole libraries in memory, and tell a library's kind from its name.
    """

    native: NativeFile

    def abi3_version(self, assume_lowest: PyVersion) -> PyVersion:
        return assume_lowest

    def __iter__(self) -> Iterator[Symbol]:
        return (Symbol(name, visibility="global") for name in sorted(self.native.undefined))


def check_limited_api(subject: Subject) -> Iterator[Finding]:
    """Every library of a limited-API wheel that uses Python, and every ``.abi3.so`` in any wheel."""
    version = subject.expected.abi.python_version or (3, 2)
    for file in _libraries(subject):
        symbols = cast("Any", _Symbols(subject.tree.native_files[file]))
        yield from _violations(file, audit(symbols, assume_minimum_abi3=PyVersion(*version)), version)


def _libraries(subject: Subject) -> list[str]:
    if subject.expected.abi.stable:
        return [file for file, native in subject.tree.native_files.items() if any(map(_is_python, native.undefined))]
    modules = find_modules(subject.tree.installed, subject.tree.native_files)
    return [module.file for module in modules if module.suffix_tag == "abi3"]


def _is_python(symbol: str) -> bool:
    return symbol.startswith(("Py", "_Py"))


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
