from __future__ import annotations

from importlib import metadata

import pytest
from abi3info import FUNCTIONS
from abi3info.models import PyVersion
from packaging.version import Version

from spokeshave.linkage.limited_api_audit import SINCE_3_15, LimitedApiAudit, added_in, audit_limited_api

# The functions of 3.15 in the tables of abi3info 2026.9.25, which CPython 3.9 cannot install.
OF_ABI3INFO = frozenset(
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
SYMBOLS = frozenset({"PyList_New", "PyFrame_New", "PyType_GetName", "malloc"})


def test_non_abi3_and_too_new_symbols_are_distinguished() -> None:
    found = audit_limited_api(SYMBOLS, (3, 9))
    assert found == LimitedApiAudit(outside=("PyFrame_New",), later=(("3.11", "PyType_GetName"),), needed="3.11")


def test_a_variable_of_the_limited_api_is_known() -> None:
    assert audit_limited_api(frozenset({"PyExc_ValueError"}), (3, 2)) == LimitedApiAudit((), (), "3.2")


@pytest.mark.parametrize("name", ["PyModule_FromSlotsAndSpec", "PyABIInfo_Check", "Py_SIZE"])
def test_functions_of_3_15_are_known_on_every_python(name: str) -> None:
    assert added_in(name) == PyVersion(3, 15)


def test_own_entries_are_those_of_a_newer_table() -> None:
    assert SINCE_3_15 == OF_ABI3INFO


def test_the_newer_table_has_the_functions_that_are_listed_here() -> None:
    is_newer = Version(metadata.version("abi3info")) >= Version("2026.9.25")
    table = {symbol.name for symbol, function in FUNCTIONS.items() if function.added == PyVersion(3, 15)}
    assert table == (OF_ABI3INFO if is_newer else set())
