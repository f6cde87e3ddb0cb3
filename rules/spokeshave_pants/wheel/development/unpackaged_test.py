"""Tests of the files that Python finds in a source tree and that no wheel has."""

from __future__ import annotations

import pytest

from spokeshave_core.reports.develop import UnpackagedFile
from spokeshave_pants.wheel.development.unpackaged import Owner, package_folders, unpackaged_files

OTHER = Owner("src/vm:extra", is_expected=False)
TEST = Owner("src/vm:tests", is_expected=True)


def test_packages_are_the_outermost_regular_folders() -> None:
    sources = {
        "vm/__init__.py": "src/vm/__init__.py",
        "vm/sub/__init__.py": "src/vm/sub/__init__.py",
        "ns/one/a.py": "lib/ns/one/a.py",
        "top.py": "src/top.py",
    }
    assert package_folders(sources) == ("lib/ns/one", "src/vm")


@pytest.mark.parametrize(
    ("path", "owner", "reason"),
    [
        ("src/vm/more.py", None, "is not in the wheel: no target owns it"),
        ("src/vm/data.json", None, "is not in the wheel: no target owns it"),
        ("src/vm/more.py", OTHER, "is not in the wheel: it does not depend on src/vm:extra"),
    ],
)
def test_a_file_that_works_in_the_tree_only_is_found(path: str, owner: Owner | None, reason: str) -> None:
    owners = {path: (owner,)} if owner else {}
    assert unpackaged_files([path], (), (), owners) == (UnpackagedFile(path, reason),)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("src/vm/packaged.py", None),
        ("src/vm/pyproject.toml", None),
        ("src/vm/version.json", None),
        ("src/vm/vm_test.py", None),
        ("src/vm/helper.py", TEST),
        ("src/vm/native.cc", None),
        ("src/vm/BUILD", None),
        ("src/vm/README.md", None),
        ("src/vm/.hidden", None),
    ],
)
def test_files_of_developers_are_not_meant_for_a_wheel(path: str, owner: Owner | None) -> None:
    owners = {path: (owner,)} if owner else {}
    assert unpackaged_files([path], {"src/vm/packaged.py"}, {"src/vm/version.json"}, owners) == ()
