"""Tests of the names of extension modules."""

from __future__ import annotations

import pytest

from spokeshave.wheel.modules import ExtensionModule, module_name


@pytest.mark.parametrize(
    ("text", "name"),
    [("demo.__init__", "demo"), ("a.b.__init__", "a.b"), ("demo.native", "demo.native"), ("__init__", "__init__")],
)
def test_the_name_of_a_package_has_no_init(text: str, name: str) -> None:
    assert module_name(text) == name


@pytest.mark.parametrize(("is_package", "path"), [(True, "a/b/__init__.py"), (False, "a/b.py")])
def test_python_file_of_a_module(is_package: bool, path: str) -> None:
    module = ExtensionModule(file="", name="a.b", suffix_tag="abi3", ending=".so", is_package=is_package)
    assert module.python_file == path
