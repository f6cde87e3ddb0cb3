"""Tests of which files of a source tree are those of a wheel that a backend made."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from spokeshave.develop.origins import Origins, find_origins, left_out
from spokeshave.errors import InvalidInputsError


def found(contents: Mapping[str, str], tree: Mapping[str, str], project: str = "demo") -> Origins:
    texts = {path: text.encode() for path, text in tree.items()}
    wheel = {path: text.encode() for path, text in contents.items()}
    return find_origins(wheel, tree, texts.get, target="demo:wheel", project=project)


@pytest.mark.parametrize("root", ["demo", "demo/src", "demo/python/lib"])
def test_a_package_is_found_in_its_source_root(root: str) -> None:
    files = {"pkg/__init__.py": "", "pkg/sub/a.py": "a", "pkg/sub/data.json": "{}"}
    tree = {f"{root}/{path}": text for path, text in files.items()}
    tree[f"{root}/pkg/other.py"] = "other"
    assert found(files, tree) == Origins({path: f"{root}/{path}" for path in files}, root)


def test_a_project_at_the_build_root_has_no_prefix() -> None:
    assert found({"pkg/a.py": "a"}, {"pkg/a.py": "a"}, ".") == Origins({"pkg/a.py": "pkg/a.py"}, ".")


def test_the_folder_with_the_same_contents_wins() -> None:
    tree = {"demo/a/pkg/__init__.py": "old", "demo/src/deep/pkg/__init__.py": "new"}
    assert found({"pkg/__init__.py": "new"}, tree).default == "demo/src/deep"


def test_of_equal_folders_the_outermost_wins() -> None:
    tree = {"demo/build/lib/pkg/__init__.py": "x", "demo/pkg/__init__.py": "x"}
    assert found({"pkg/__init__.py": "x"}, tree).default == "demo"


def test_a_file_that_the_build_changes_is_still_that_of_the_tree() -> None:
    tree = {"demo/src/pkg/__init__.py": "x", "demo/src/pkg/version.py": "version = None"}
    origins = found({"pkg/__init__.py": "x", "pkg/version.py": "version = 1"}, tree)
    assert origins.sources["pkg/version.py"] == "demo/src/pkg/version.py"


def test_a_file_that_the_build_makes_is_not_in_the_tree() -> None:
    origins = found({"pkg/__init__.py": "x", "pkg/_version.py": "1"}, {"demo/pkg/__init__.py": "x"})
    assert "pkg/_version.py" not in origins.sources


def test_packages_of_one_wheel_may_have_several_roots() -> None:
    tree = {"demo/one/a/__init__.py": "a", "demo/one/a/x.py": "x", "demo/two/b/__init__.py": "b"}
    origins = found({"a/__init__.py": "a", "a/x.py": "x", "b/__init__.py": "b"}, tree)
    assert (origins.sources["b/__init__.py"], origins.default) == ("demo/two/b/__init__.py", "demo/one")


def test_a_package_of_no_folder_is_refused() -> None:
    with pytest.raises(InvalidInputsError) as raised:
        found({"renamed/__init__.py": "x"}, {"demo/lib/__init__.py": "x"})
    assert "demo:wheel: has the package renamed, but no folder of this name is in demo" in str(raised.value)


def test_a_wheel_of_native_modules_alone_uses_the_project() -> None:
    assert found({}, {"demo/a.c": ""}) == Origins({}, "demo")


def test_modules_next_to_the_packages_that_the_wheel_lacks() -> None:
    names = ("a.py", "b.py", "b.c", "test_b.py", "conftest.py", "docs/c.py")
    tree = [f"demo/pkg/{name}" for name in names]
    assert [file.path for file in left_out({"pkg/a.py": "demo/pkg/a.py"}, tree)] == ["demo/pkg/b.py"]
