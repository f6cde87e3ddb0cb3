from __future__ import annotations

import pytest

from spokeshave.linkage.limited_api_audit import LimitedApiAudit
from spokeshave.verify.checks.limited_api import limited_api_violations


@pytest.mark.parametrize(("is_abi3t", "remedy"), [(False, 'limited_api="3.16"'), (True, 'limited_api="3.16t"')])
def test_the_remedy_names_the_stable_abi_of_the_wheel(is_abi3t: bool, remedy: str) -> None:
    result = LimitedApiAudit(outside=(), later=(("3.16", "Py_HashBuffer"),), needed="3.16")
    (found,) = limited_api_violations("demo/native.abi3t.so", result, (3, 15), is_abi3t=is_abi3t)
    assert f"Set {remedy}" in str(found)
    assert "uses Py_HashBuffer (since 3.16), but the wheel is for Python 3.15 and later" in str(found)
