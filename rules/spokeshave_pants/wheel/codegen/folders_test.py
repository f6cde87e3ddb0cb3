"""Tests of the folders of generated files."""

from __future__ import annotations

import pytest

from spokeshave_pants.wheel.codegen.folders import package_folder, relative_to_root, source_root_of, top_level_name

PACKAGES = {
    "vm": ("src/python", "tests"),
    "vm/deep": ("src/python",),
    "twice": ("a", "b"),
    "space": ("a", "b"),
    "": ("scripts",),
}
REGULAR = ("src/python/vm", "a/twice", "b/twice")


@pytest.mark.parametrize(
    ("folder", "own", "expected"),
    [
        pytest.param("vm", "src/cpp", "src/python", id="the package is in another root"),
        pytest.param("vm", "tests", "src/python", id="an __init__ module decides"),
        pytest.param("vm/deep/new", "src/cpp", "src/python", id="the folder has no sources, its parent has"),
        pytest.param("twice", "b", "b", id="the own root comes first"),
        pytest.param("space", "b", "b", id="the own root of a namespace package comes first"),
        pytest.param("space", "c", "a", id="a namespace package in other roots"),
        pytest.param("unknown", "src/cpp", "src/cpp", id="no sources"),
        pytest.param("", "src/cpp", "src/cpp", id="a top-level module"),
    ],
)
def test_files_are_put_where_python_looks(folder: str, own: str, expected: str) -> None:
    assert source_root_of(folder, PACKAGES, REGULAR, own) == expected


def test_names_of_modules_and_folders() -> None:
    assert (package_folder("a.b._native"), package_folder("_native")) == ("a/b", "")
    assert top_level_name("a/b/_native.abi3.so") == "a"
    assert top_level_name("_native.cpython-311-x86_64-linux-gnu.so") == "_native"


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [("src/a/b", "src", "a/b"), ("src", "src", ""), ("a", ".", "a"), ("", ".", ""), ("a", "", "a")],
)
def test_paths_are_relative_to_a_source_root(path: str, root: str, expected: str) -> None:
    assert relative_to_root(path, root) == expected
