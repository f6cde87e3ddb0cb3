"""The check of the limited API (PEP 384, PEP 803), by the tables of abi3info."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spokeshave.linkage.limited_api_audit import LimitedApiAudit, audit_limited_api
from spokeshave.verify.findings import Subject, finding
from spokeshave.wheel.modules import StableSuffix, find_modules
from spokeshave_core.outcomes import Rule
from spokeshave_core.python_abi import OLDEST_ABI3T_MINOR
from spokeshave_core.reports.verify import Finding

_SHOWN = 12


def check_limited_api(subject: Subject) -> Iterator[Finding]:
    """Check every library of a limited-API wheel that uses Python, and every file for a stable ABI in any wheel."""
    abi = subject.expected.abi
    version = abi.python_version or (3, 2)
    for file in _libraries(subject):
        result = audit_limited_api(subject.tree.native_files[file].undefined, version)
        yield from limited_api_violations(file, result, version, is_abi3t=abi.is_abi3t)


def _libraries(subject: Subject) -> list[str]:
    abi = subject.expected.abi
    if abi.stable:
        return [file for file, native in subject.tree.native_files.items() if any(map(_is_python, native.undefined))]
    if abi.version.free_threaded and abi.version.minor < OLDEST_ABI3T_MINOR:
        # Their headers refuse Py_LIMITED_API, so a file named .abi3.so uses the full API.
        return []
    modules = find_modules(subject.tree.installed, subject.tree.native_files)
    return [module.file for module in modules if StableSuffix.parse(module.suffix_tag)]


def _is_python(symbol: str) -> bool:
    return symbol.startswith(("Py", "_Py"))


def limited_api_violations(
    file: str, result: LimitedApiAudit, version: tuple[int, int], *, is_abi3t: bool
) -> Iterator[Finding]:
    """Yield findings for what a file uses and the limited API of a Python does not have."""
    floor = ".".join(map(str, version))
    if result.outside:
        message = f"uses {_some(result.outside)}, which the limited API does not have"
        remedy = (
            "Compile with Py_LIMITED_API and use functions of the limited API instead, or build a wheel for each "
            "Python."
        )
        yield finding(Rule.LIMITED_API, file, message, remedy)
    if result.later:
        names = [f"{name} (since {added})" for added, name in result.later]
        message = f"uses {_some(names)}, but the wheel is for Python {floor} and later"
        suffix = "t" if is_abi3t else ""
        remedy = f'Set limited_api="{result.needed}{suffix}", or do not use them.'
        yield finding(Rule.LIMITED_API, file, message, remedy)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
