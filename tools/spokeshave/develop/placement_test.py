"""Tests of where the files of a wheel are in a source tree."""

from __future__ import annotations

import pytest

from spokeshave.develop.placement import SourceLayout, ignore_line

TWO_ROOTS = SourceLayout(
    {"ns/a/__init__.py": "one/ns/a/__init__.py", "ns/b/__init__.py": "two/ns/b/__init__.py", "top.py": "one/top.py"},
    default="three",
)


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("ns/b/_native.so", "two"),
        ("ns/b/lib/libx.so", "two"),
        ("ns/c/_native.so", "one"),
        ("other/_native.so", "three"),
        ("_native.so", "three"),
    ],
)
def test_a_file_goes_next_to_its_package(path: str, root: str) -> None:
    assert TWO_ROOTS.root_for(path) == root


def test_grafted_libraries_go_to_each_root_with_native_files() -> None:
    paths = ("ns/a/_n.so", "ns/b/_n.so", "x.libs/liby.so")
    assert TWO_ROOTS.places(paths, paths) == {
        "one/ns/a/_n.so": "ns/a/_n.so",
        "two/ns/b/_n.so": "ns/b/_n.so",
        "one/x.libs/liby.so": "x.libs/liby.so",
        "two/x.libs/liby.so": "x.libs/liby.so",
    }


def test_the_roots_are_those_of_sources_and_other_files() -> None:
    assert TWO_ROOTS.roots(["other/_native.so"]) == ("one", "three", "two")
    assert SourceLayout({"vm/__init__.py": "vm/__init__.py"}, ".").roots([]) == (".",)


def test_a_regular_package_in_two_roots_is_reported() -> None:
    layout = SourceLayout({"vm/__init__.py": "a/vm/__init__.py", "vm/more.py": "b/vm/more.py"}, "a")
    (found,) = layout.hidden()
    assert (found.path, found.reason) == ("b/vm/more.py", "not importable, as the package is a/vm; the wheel has both")
    assert TWO_ROOTS.hidden() == ()


@pytest.mark.parametrize(
    ("path", "native", "folder", "line"),
    [
        ("src/vm/_n.cpython-312-x86_64-linux-gnu.so", True, None, "/src/vm/_n.*.so"),
        ("_n.abi3.so", True, None, "/_n.*.so"),
        ("src/vm/_version.py", False, None, "/src/vm/_version.py"),
        ("src/x.libs/liby.so", True, "src/x.libs", "/src/x.libs/"),
    ],
)
def test_a_line_is_for_all_pythons(path: str, native: bool, folder: str | None, line: str) -> None:
    assert ignore_line(path, native, folder) == line
