from __future__ import annotations

import pytest
from abi3info import FUNCTIONS
from abi3info.models import PyVersion

from spokeshave.verify.limited_api_audit import SINCE_3_15, LimitedApiAudit, added_in, audit_limited_api

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
    table = {symbol.name for symbol, function in FUNCTIONS.items() if function.added == PyVersion(3, 15)}
    assert table in (frozenset(), SINCE_3_15)
