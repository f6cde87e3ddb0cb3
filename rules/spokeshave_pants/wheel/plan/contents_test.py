"""Tests of the paths of shared libraries, and of possible extensions."""

from __future__ import annotations

import pytest

from spokeshave_pants.wheel.plan.contents import is_possible_extension, library_folder


@pytest.mark.parametrize(
    ("build_folder", "files", "folder"),
    [
        (".", ["ct/__init__.py"], "ct"),
        ("core", ["ct/__init__.py", "ct/sub/__init__.py"], "ct"),
        ("ct/sub", ["ct/__init__.py", "ct/sub/__init__.py"], "ct/sub"),
        ("ct/lib", ["ct/__init__.py", "ct/sub/__init__.py"], "ct"),
        (".", ["acme/ct/__init__.py", "acme/ct/sub/__init__.py"], "acme/ct"),
        (".", ["acme/ct/a.py"], "acme/ct"),
        (".", ["acme/ct/a.py", "acme/ct/b/c.py"], "acme/ct"),
        (".", ["a/__init__.py", "b/__init__.py"], None),
        ("b", ["a/__init__.py", "b/__init__.py"], "b"),
        (".", ["a/__init__.py", "ab/__init__.py"], None),
        (".", ["a/__init__.py", "module.py"], "a"),
        (".", ["module.py"], None),
        (".", [], None),
    ],
)
def test_a_library_is_put_into_the_package_that_fits(build_folder: str, files: list[str], folder: str | None) -> None:
    assert library_folder(build_folder, files) == folder


@pytest.mark.parametrize(
    "name",
    [
        "a.so",
        "_a.abi3.so",
        "a.abi3t.so",
        "a.abi3t-x86_64-linux-gnu.so",
        "a.cpython-312-x86_64-linux-gnu.so",
        "a.pyd",
        "a.cp312-win_amd64.pyd",
    ],
)
def test_what_python_imports_may_be_an_extension(name: str) -> None:
    assert is_possible_extension(f"pkg/{name}")


@pytest.mark.parametrize("name", ["liba.so", "a.so.1", "a.dll", "a.dylib", "a.x.so", "a.py", "so", "liba.so.txt"])
def test_a_library_is_not_an_extension(name: str) -> None:
    assert not is_possible_extension(f"pkg/{name}")
