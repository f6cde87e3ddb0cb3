"""Tests of the pins of one distribution in a requirements file."""

from __future__ import annotations

import pytest

from spokeshave_pants.sandbox.pinned_requirements import PinnedRequirements

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


def test_selected_entries_keep_hashes_and_index_options() -> None:
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
def test_markers_are_evaluated_for_the_given_environment(python: str, version: str) -> None:
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "win32"}
    chosen = PINNED.of("numpy").applying(environment)
    assert [pin.requirement for pin in chosen.pins if pin.name] == [version]
    assert "pywin32" in PINNED.applying(environment).names
    assert "pywin32" not in PINNED.applying({**environment, "sys_platform": "linux"}).names


@pytest.mark.parametrize("line", ["./wheels/a.whl", "-r other.txt", "--find-links=wheels"])
def test_what_has_no_name_is_everybodys(line: str) -> None:
    assert PinnedRequirements.parse(f"{line}\nnumpy==1.0\n").of("robin-map").text == f"{line}\n"


def test_options_without_effect_are_removed() -> None:
    lines = [
        "\ufeff--only-binary :all:",
        "--no-binary=numpy",
        "--pre",
        "numpy==1.0 \\",
        "  --hash=sha256:aa",
        "  # via x",
    ]
    pinned = PinnedRequirements.parse("\r\n".join(lines))
    assert (pinned.text, pinned.problems) == ("numpy==1.0 --hash=sha256:aa\n", ())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "-r more.txt",
            "line 1: -r: is not a requirement: it names another file, which is not read.",
        ),
        (
            "-c limits.txt",
            "line 1: -c: is not a requirement: it names another file, which is not read.",
        ),
        ("-e .", "line 1: -e: is a folder, which cannot be pinned by a hash. Remove the line"),
        ("./wheels/a.whl", "line 1: ./wheels/a.whl: is a file or an address without a name. Write `name @ address`"),
        ("--no-deps", "line 1: --no-deps: is not an option that a requirements file can have. Remove the line."),
        ("numpy==1.0", "line 1: numpy==1.0: is not pinned to one version with hashes. Write name==version"),
        ("numpy>=1.0 --hash=sha256:aa", "line 1: numpy>=1.0: is not pinned to one version with hashes."),
        ("numpy==1.* --hash=sha256:aa", "line 1: numpy==1.*: is not pinned to one version with hashes."),
        ("numpy==1.0,<2 --hash=sha256:aa", "line 1: numpy==1.0,<2: is not pinned to one version with hashes."),
        ("no requirement --hash=sha256:aa", "line 1: no: is not a requirement"),
    ],
)
def test_what_no_pinned_file_may_have_is_a_problem(line: str, problem: str) -> None:
    (found,) = PinnedRequirements.parse(line).problems
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://index.example.org/simple",
        "--find-links wheels",
        "a @ https://example.org/a-1.0-py3-none-any.whl --hash=sha256:aa",
        "a===1.0 --hash sha256:aa",
    ],
)
def test_allowed_lines_have_no_problem(line: str) -> None:
    assert PinnedRequirements.parse(line).problems == ()
