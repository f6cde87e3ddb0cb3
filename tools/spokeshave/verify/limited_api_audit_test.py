from __future__ import annotations

import pytest

from spokeshave.pinned_library import ChangedLibraryError
from spokeshave.verify.limited_api_audit import LimitedApiAudit, audit_limited_api

SYMBOLS = frozenset({"PyList_New", "PyFrame_New", "PyType_GetName", "malloc"})


def test_non_abi3_and_too_new_symbols_are_distinguished() -> None:
    """Fails where a new abi3audit has no `audit`: tools/spokeshave/verify/limited_api_audit.py must change then."""
    found = audit_limited_api(SYMBOLS, (3, 9))
    assert found == LimitedApiAudit(outside=("PyFrame_New",), later=(("3.11", "PyType_GetName"),), needed="3.11")


@pytest.mark.parametrize("change", ["removed", "other arguments"])
def test_a_changed_abi3audit_is_reported_with_a_remedy(monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    if change == "removed":
        monkeypatch.delattr("abi3audit._audit.audit")
    else:
        monkeypatch.setattr("abi3audit._audit.audit", lambda _library: None)
    expected = r"^abi3audit \d.*\n.* adapter tools/spokeshave/verify/limited_api_audit.py must change"
    with pytest.raises(ChangedLibraryError, match=expected):
        audit_limited_api(SYMBOLS, (3, 9))
