"""Tests of the scan for imported modules."""

from __future__ import annotations

import pytest

from spokeshave_pants.wheel.tailor.imports import imported_modules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import pkg._native", {"pkg._native"}),
        ("import a, pkg._native as n  # x, y", {"a", "pkg._native"}),
        ("from pkg._native import f", {"pkg._native", "pkg._native.f"}),
        ("from pkg import _native", {"pkg", "pkg._native"}),
        ("from . import _native", {"pkg.sub", "pkg.sub._native"}),
        ("from ._native import f as g", {"pkg.sub._native", "pkg.sub._native.f"}),
        ("from .. import _native", {"pkg", "pkg._native"}),
        ("from ... import _native", set()),
        ("from a import (  # all\n    b,  # c, d\n    e as f,\n)", {"a", "a.b", "a.e"}),
        ("from a import b, \\\n    c", {"a", "a.b", "a.c"}),
        ("try:\n    from a import b\nexcept ImportError: pass", {"a", "a.b"}),
        ("def f():\n\timport a; x = 1", {"a"}),
        ("match x:\n    case 1:\n        import a", {"a"}),
        ("# import a", set()),
        ("important = 1\nfrom_a = 2", set()),
    ],
)
def test_imports_are_found(text: str, expected: set[str]) -> None:
    assert imported_modules(text, "pkg.sub") == expected


def test_a_top_level_source_has_no_relative_imports() -> None:
    assert imported_modules("from . import a", "") == set()
