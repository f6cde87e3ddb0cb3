"""What a requirements file pins of one distribution."""

from __future__ import annotations

import pytest

from spokeshave_pants.cc.pinned_requirements import PinnedRequirements

FILE = """\
--index-url https://index.example.org/simple
# Made by a tool.
Robin_Map==1.0 \\
    --hash=sha256:aa
    # via nanobind
numpy==2.2.6 ; python_full_version < '3.11' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via -r requirements.in
numpy[extra] == 2.3.5 ; python_full_version >= '3.11' --hash=sha256:dd  # newer
pywin32==310 ; sys_platform == 'win32' --hash=sha256:ee
"""
PINNED = PinnedRequirements.parse(FILE)


def test_names_are_compared_as_the_index_compares_them() -> None:
    assert PINNED.names == ("numpy", "pywin32", "robin-map")
    assert [pin.requirement for pin in PINNED.of("robin-map").pins if pin.name] == ["Robin_Map==1.0"]


def test_one_distributions_entries_keep_their_hashes_and_where_to_look() -> None:
    assert PINNED.of("robin-map").text == (
        "--index-url https://index.example.org/simple\nRobin_Map==1.0 --hash=sha256:aa\n"
    )
    assert PINNED.of("numpy").text.splitlines()[1:] == [
        "numpy==2.2.6 ; python_full_version < '3.11' --hash=sha256:bb --hash=sha256:cc",
        "numpy[extra] == 2.3.5 ; python_full_version >= '3.11' --hash=sha256:dd",
    ]


@pytest.mark.parametrize(
    ("python", "version"), [("3.10", "numpy==2.2.6"), ("3.11", "numpy[extra]==2.3.5"), ("3.14", "numpy[extra]==2.3.5")]
)
def test_markers_choose_a_version_by_the_environment_given_and_not_by_this_one(python: str, version: str) -> None:
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "win32"}
    chosen = PINNED.of("numpy").applying(environment)
    assert [pin.requirement for pin in chosen.pins if pin.name] == [version]
    assert "pywin32" in PINNED.applying(environment).names
    assert "pywin32" not in PINNED.applying({**environment, "sys_platform": "linux"}).names


@pytest.mark.parametrize("line", ["./wheels/a.whl", "-r other.txt", "--find-links=wheels"])
def test_what_has_no_name_is_everybodys(line: str) -> None:
    assert PinnedRequirements.parse(f"{line}\nnumpy==1.0\n").of("robin-map").text == f"{line}\n"
