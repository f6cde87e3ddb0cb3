"""Tests of the engine-free part of link closures."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.closure.link_closure import check_object_names, display_name, is_source
from spokeshave_pants.errors import InvalidTargetError


def test_headers_are_not_compiled_on_their_own() -> None:
    names = ("a.c", "a.cc", "a.cpp", "a.cxx", "a.h", "a.hpp", "a.hh", "a.c.h", "cc", "a.s", "a.S", "a.sx")
    assert [name for name in names if is_source(name)] == ["a.c", "a.cc", "a.cpp", "a.cxx", "a.s", "a.S", "a.sx"]


def test_sources_of_one_name_in_several_directories_are_fine() -> None:
    check_object_names(["a/x.cc", "b/x.cc", "a/x.tab.cc"], where="src:ext")


def test_all_object_name_clashes_are_reported_together() -> None:
    with pytest.raises(InvalidTargetError) as caught:
        check_object_names(["a/x.cc", "a/y.c", "a/x.c", "a/y.cpp", "a/z.cc"], where="src:ext")
    message = str(caught.value)
    assert message.startswith("src:ext has sources whose objects have one name:")
    assert "a/x.cc and a/x.c both compile to __objects/a/x.o" in message
    assert "a/y.c and a/y.cpp both compile to __objects/a/y.o" in message
    assert "z.cc" not in message and "Rename one of each" in message


def test_a_third_party_source_is_shown_as_its_package_has_it() -> None:
    assert display_name("__packages/nanobind/src/nb_combined.cpp") == "nanobind/src/nb_combined.cpp"
    assert display_name("src/my__packages/x.cc") == "src/my__packages/x.cc"
    assert display_name("src/cpp/vm/run.cc") == "src/cpp/vm/run.cc"
