"""The languages of sources."""

from __future__ import annotations

from spokeshave_pants.cc.languages import is_source


def test_headers_are_not_compiled_on_their_own() -> None:
    names = ("a.c", "a.cc", "a.cpp", "a.cxx", "a.h", "a.hpp", "a.hh", "a.c.h", "cc", "a.s", "a.S", "a.sx")
    assert [name for name in names if is_source(name)] == ["a.c", "a.cc", "a.cpp", "a.cxx", "a.s", "a.S", "a.sx"]
