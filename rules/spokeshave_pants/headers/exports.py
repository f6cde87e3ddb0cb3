"""The exports of CPython's Windows DLLs, read from the headers. An import library needs these names.

`PyAPI_FUNC` and `PyAPI_DATA` mark every function and variable that the DLL exports, so the headers of a version define
the contents of its DLL. Sources: PEP 384 and PEP 652 (`python3.dll` has the stable ABI), PEP 703 (`python313t.dll`),
PEP 803 (`python3t.dll`, which Pythons with a GIL have too).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spokeshave_core.platform import Platform, System
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.headers.preprocessor import visible_text
from spokeshave_pants.headers.pyconfig import derived_pyconfig
from spokeshave_pants.toolchain.zig import ZIG

_MACHINES = {"amd64": "i386:x86-64", "arm64": "arm64"}
_MARK = re.compile(r"\bPyAPI_(?:FUNC|DATA)\s*\(")
# The text after the type: attributes, then the name, or a pointer to a function that is a variable.
_FUNCTION = re.compile(r"[\s*]*(?:(?:\w+(?:\([^)]*\))?)[\s*]+)*?(?P<name>\w+)\s*\(")
_VARIABLE = re.compile(r"[\s*]*(?:const\s+)?(?:\(\s*\*\s*(?P<pointer>\w+)\s*\)|(?P<name>\w+)\s*[;\[])")
# The second name of a function, for callers that pass lengths as `Py_ssize_t`.
_SIZE_T = re.compile(r"^\s*#\s*define\s+\w+\s+(?P<name>_\w+_SizeT)\s*$", re.MULTILINE)
# A thread library for systems without one.
_STUBS = "cpython/pthread_stubs.h"
# Declared for extensions but not in any DLL (compared with those of 3.10 to 3.14, and with Debian's 3.15).
_NOT_EXPORTED = frozenset(
    """
    Py_FrozenMain _PyStats_GetLocal _PyTime_FromTimeval _Py_GatherStats_GetIter _Py_assert_within_stack_bounds
    _Py_stats
    """.split()
)
# Names that an earlier version exports: the first minor release without them, and the names, which it still declares.
_NOT_EXPORTED_SINCE = (
    (10, frozenset({"_PyCodec_Forget"})),
    (13, frozenset({"_PyTrash_begin", "_PyTrash_end", "_Py_AtExit"})),
    (15, frozenset({"_PyGen_yf", "_PyType_GetBaseByToken_Borrow"})),
)
# Declared for the limited API but not in `python3.dll`.
_NOT_STABLE = frozenset({"PyMarshal_WriteLongToFile", "PyMarshal_WriteObjectToFile", "PyOS_AfterFork"})
_DEFINE = re.compile(r"^#define (?P<name>\w+) ?(?P<value>[0-9]*)$", re.MULTILINE)
# Macros besides those of `pyconfig.h`: from the compiler, from sources, and from CPython's headers.
_MACROS = {"WIN32": 1, "_WIN32": 1, "_WIN64": 1, "PY_SSIZE_T_CLEAN": 1, "_PY_SHORT_FLOAT_REPR": 1}


@dataclass(frozen=True, order=True)
class Export:
    """A name that a DLL exports, and whether it is a variable, which callers access differently."""

    name: str
    is_data: bool


def dll_name(abi: PythonAbi) -> str:
    """Return the DLL that an extension of an ABI loads: `python3.dll`, `python3t.dll`, `python312.dll`, …."""
    threading = "t" if abi.version.free_threaded else ""
    return f"python3{'' if abi.stable else abi.version.minor}{threading}.dll"


def import_library_name(abi: PythonAbi) -> str:
    """Return the file name of the import library of an ABI's DLL."""
    return dll_name(abi).replace(".dll", ".lib")


def import_library_description(abi: PythonAbi, platform: Platform) -> str:
    """The description of the process that makes an import library."""
    return f"Make {import_library_name(abi)} for {platform}"


def import_library_argv(platform: Platform, *, definition: str, output: str) -> tuple[str, ...]:
    """Return the command that makes an import library from a module-definition file, reproducibly."""
    return (ZIG, "dlltool", "-m", dlltool_machine(platform), "-d", definition, "-l", output)


def dlltool_machine(platform: Platform) -> str:
    """Return what dlltool calls the processor of a Windows platform."""
    return _MACHINES[platform.architecture]


def exports(headers: Mapping[str, str], abi: PythonAbi) -> tuple[Export, ...]:
    """Return what the headers declare for extensions of an ABI on Windows, sorted by name.

    Args:
        headers: The text of each header by its path below the directory of `Python.h`.
    """
    found: dict[str, Export] = {}
    for path in sorted(headers):
        if _is_seen(path, abi):
            for export in _exports_of(visible_text(headers[path], _macros(abi))):
                found.setdefault(export.name, export)
    left_out = _NOT_EXPORTED.union(*_left_out_of(abi))
    return tuple(found[name] for name in sorted(found) if name not in left_out)


def _left_out_of(abi: PythonAbi) -> Iterator[frozenset[str]]:
    if abi.stable:
        yield _NOT_STABLE
    yield from (names for first, names in _NOT_EXPORTED_SINCE if abi.version.minor >= first)


def module_definition(headers: Mapping[str, str], abi: PythonAbi) -> str:
    """Return the module-definition file of an ABI's DLL, from which a linker tool makes the import library."""
    lines = (f"    {export.name}{' DATA' if export.is_data else ''}" for export in exports(headers, abi))
    return "\n".join((f"LIBRARY {dll_name(abi)}", "EXPORTS", *lines, ""))


def _is_seen(path: str, abi: PythonAbi) -> bool:
    # The limited API leaves out the declarations in subdirectories.
    return path != _STUBS and not (abi.stable and posixpath.dirname(path))


def _macros(abi: PythonAbi) -> dict[str, int]:
    pyconfig = derived_pyconfig(Platform(System.WINDOWS, "amd64"), abi.version)
    configured = {define["name"]: int(define["value"] or 1) for define in _DEFINE.finditer(pyconfig)}
    # An extension may include CPython's internal headers, which require `Py_BUILD_CORE`.
    purpose = {macro: int(value, 16) for macro, value in abi.limited_api.items()} or {"Py_BUILD_CORE": 1}
    opaque = {"_Py_OPAQUE_PYOBJECT": 1} if abi.is_abi3t else {}
    return {**configured, **_MACROS, **purpose, **opaque}


def _exports_of(text: str) -> Iterator[Export]:
    for mark in _MARK.finditer(text):
        end = _closing(text, mark.end())
        variable = _VARIABLE.match(text, end)
        if variable is not None and "DATA" in mark[0]:
            yield Export(variable["pointer"] or variable["name"], is_data=True)
            continue
        # Some functions are marked as data by mistake.
        function = _FUNCTION.match(text, end)
        if function is not None:
            yield Export(function["name"], is_data=False)
    for size_t in _SIZE_T.finditer(text):
        yield Export(size_t["name"], is_data=False)


def _closing(text: str, start: int) -> int:
    """Return the index after the closing parenthesis that matches the opening one before `start`."""
    depth = 1
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index + 1
    return len(text)
