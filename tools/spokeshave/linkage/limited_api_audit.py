"""The comparison of symbols with the limited API (PEP 384), by the tables of abi3info."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from abi3info import DATAS, FUNCTIONS
from abi3info.models import PyVersion, Symbol

# The functions of 3.15, for the last abi3info that supports CPython 3.9. Newer ones have them too.
SINCE_3_15 = frozenset(
    """
    PyABIInfo_Check PyCriticalSection2_Begin PyCriticalSection2_End PyCriticalSection_Begin PyCriticalSection_End
    PyDict_SetDefaultRef PyInterpreterGuard_Close PyInterpreterGuard_FromCurrent PyInterpreterGuard_FromView
    PyInterpreterView_Close PyInterpreterView_FromCurrent PyInterpreterView_FromMain PyLongWriter_Create
    PyLongWriter_Discard PyLongWriter_Finish PyLong_Export PyLong_FreeExport PyLong_GetNativeLayout PyModule_Exec
    PyModule_FromSlotsAndSpec PyModule_GetStateSize PyModule_GetState_DuringGC PyModule_GetToken
    PyModule_GetToken_DuringGC PyObject_CallFinalizerFromDealloc PyObject_GetTypeData_DuringGC PySys_GetAttr
    PySys_GetAttrString PySys_GetOptionalAttr PySys_GetOptionalAttrString PyThreadState_Ensure
    PyThreadState_EnsureFromView PyThreadState_Release PyType_FromSlots PyType_GetBaseByToken_DuringGC
    PyType_GetModuleByToken PyType_GetModuleByToken_DuringGC PyType_GetModuleState_DuringGC PyType_GetModule_DuringGC
    Py_IS_TYPE Py_SET_SIZE Py_SIZE
    """.split()
)


@dataclass(frozen=True)
class LimitedApiAudit:
    """The symbols of a native file that the limited API of a Python does not have.

    Attributes:
        outside: Symbols that no limited API has.
        later: Symbols of a later limited API, each after the version that added it.
        needed: The oldest Python whose limited API has all but the symbols outside.
    """

    outside: tuple[str, ...]
    later: tuple[tuple[str, str], ...]
    needed: str


def audit_limited_api(undefined: Set[str], version: tuple[int, int]) -> LimitedApiAudit:
    """Compare a file's undefined symbols with the limited API of a Python.

    The stable ABI for free-threaded builds has the same functions. What it lacks are structures (PEP 803).
    """
    floor = PyVersion(*version)
    added = {name: added_in(name) for name in sorted(undefined)}
    known = {name: since for name, since in added.items() if since is not None}
    later = {name: since for name, since in known.items() if since > floor}
    return LimitedApiAudit(
        outside=tuple(name for name in added if name not in known and name.startswith(("Py", "_Py"))),
        later=tuple(sorted((str(since), name) for name, since in later.items())),
        needed=str(max((floor, *later.values()))),
    )


def added_in(name: str) -> PyVersion | None:
    """Return the Python whose limited API was the first with a function or a variable; None if none has it."""
    symbol = Symbol(name)
    found = FUNCTIONS.get(symbol) or DATAS.get(symbol)
    if found is not None:
        return found.added
    return PyVersion(3, 15) if name in SINCE_3_15 else None
