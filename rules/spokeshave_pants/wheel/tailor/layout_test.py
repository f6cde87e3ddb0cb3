"""Tests of the Python side of a repository, as `tailor` sees it."""

from __future__ import annotations

import pytest

from spokeshave_pants.wheel.tailor.layout import find_evidence, package_folders, parse_project, regular_packages
from spokeshave_pants.wheel.tailor.modules import Evidence, Project


def test_packages_are_named_from_the_source_root() -> None:
    paths = ["src/pkg/__init__.py", "src/pkg/sub/a.py", "src/top.py", "other/a.py", "flat/a.py"]
    roots = {"src": "src", "src/pkg": "src", "src/pkg/sub": "src", "flat": ""}
    assert package_folders(paths, roots) == {"flat": "flat", "src": "", "src/pkg": "pkg", "src/pkg/sub": "pkg.sub"}


def test_tests_and_scripts_are_not_packages() -> None:
    paths = ["p/setup.py", "p/pkg/a.py", "p/pkg/a_test.py", "p/pkg/tests/__init__.py", "p/checks/test_a.py"]
    roots = dict.fromkeys(("p", "p/pkg", "p/pkg/tests", "p/checks"), "p")
    assert package_folders(paths, roots) == {"p/pkg": "pkg"}
    assert package_folders(["tests/one/pkg/a.py"], {"tests/one/pkg": "tests/one"}) == {"tests/one/pkg": "pkg"}


def test_packages_in_a_regular_package_are_regular() -> None:
    packages = {"a": "a", "a/b": "a.b", "ab": "ab"}
    assert regular_packages(["a/__init__.py", "a/b/x.py", "ab/x.py"], packages) == {"a", "a.b"}
    assert regular_packages(["a/x.py"], {"a": "a"}) == frozenset()


def test_evidence_is_an_import_or_a_stub() -> None:
    packages = {"a": "a", "t": ""}
    texts = [("a/m.py", "from a import _x, _y"), ("a/_z.pyi", ""), ("t/test_a.py", "import a._w\nfrom a._w import _z")]
    found = find_evidence({"_x", "_z", "_w"}, texts, packages, [path for path, _ in texts])
    assert set(found) == {
        Evidence("a._x", "a/m.py"),
        Evidence("a._z", "a/_z.pyi"),
        Evidence("a._w", "t/test_a.py"),
        Evidence("a._w._z", "t/test_a.py"),
    }


def test_a_module_with_a_python_source_is_not_an_extension() -> None:
    texts = [("a/m.py", "from a import _x"), ("a/_x.py", "")]
    assert list(find_evidence({"_x"}, texts, {"a": "a"}, [path for path, _ in texts])) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'[project]\nname = "one"\nversion = "1"', Project("p", "one")),
        (b'[project]\nname = "one"\ndynamic = ["version"]', Project("p", "one", has_dynamic_version=True)),
        (b'[project]\nversion = "1"', None),
        (b'[tool.black]\nname = "one"', None),
        (b"project = 1", None),
        (b"[project", None),
        (b"\xff", None),
    ],
)
def test_a_project_has_a_table_with_a_name(content: bytes, expected: Project | None) -> None:
    assert parse_project("p/pyproject.toml", content) == expected
