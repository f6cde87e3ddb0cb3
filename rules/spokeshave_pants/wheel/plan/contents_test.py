"""Tests of the paths of shared libraries, of possible extensions, and of version files."""

from __future__ import annotations

import pytest

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.plan.contents import (
    check_native,
    check_templates,
    check_version_files,
    is_possible_extension,
    library_folder,
)


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


def test_a_wheel_of_headers_is_called_so() -> None:
    with pytest.raises(InvalidTargetError, match="only headers and no native code") as raised:
        check_native("src:w", ["a/__init__.py"], has_native=False, has_data=False, has_headers=True)
    assert "`python_distribution` for headers, as its `resources`" in str(raised.value)
    check_native("src:w", ["a/__init__.py"], has_native=True, has_data=False, has_headers=True)


def test_version_files_with_paths_of_their_own_are_accepted() -> None:
    check_version_files("src:w", ["a/include/a/version.h", "a/lib/pkgconfig/a.pc"], ["a/__init__.py", "a/lib/b.so"])


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/a/b.pc", "is not a path in a wheel"),
        ("../b.pc", "is not a path in a wheel"),
        ("a/../b.pc", "is not a path in a wheel"),
        ("a//b.pc", "is not a path in a wheel"),
        ("./b.pc", "is not a path in a wheel"),
        ("", "is not a path in a wheel"),
        ("a\\b.pc", "is not a path in a wheel"),
        ("a/b=c.pc", "contains `=`"),
        ("a-1.dist-info/b.pc", "is in a folder of the wheel's metadata"),
        ("a-1.data/data/b.pc", "is in a folder of the wheel's metadata"),
        ("a/__init__.py", "is the path of another file"),
        ("a", "and the file a/__init__.py cannot be in one wheel"),
        ("a/__init__.py/b", "and the file a/__init__.py cannot be in one wheel"),
    ],
)
def test_a_path_that_a_version_file_cannot_have_is_refused(path: str, fault: str) -> None:
    with pytest.raises(InvalidTargetError) as caught:
        check_version_files("src:w", [path, "good/b.pc"], ["a/__init__.py"])
    assert fault in str(caught.value)
    assert f"src:w: the path {path!r} of `version_files`" in str(caught.value)
    assert "good" not in str(caught.value)


def test_all_faults_of_templates_are_reported_together() -> None:
    contents = {"a.in": b"@VERSION@ @NONE@", "b.in": b"\xff", "c.in": b"@COMMIT@"}
    with pytest.raises(InvalidTargetError) as caught:
        check_templates("src:w", ["a.in", "b.in", "c.in", "*.in"], contents)
    for fault in (
        "'*.in'",
        "a.in, in `version_files` of src:w, line 1: has the unknown placeholder @NONE@",
        "b.in, in",
        "is not UTF-8",
    ):
        assert fault in str(caught.value)
    assert "c.in" not in str(caught.value)
