"""Tests of the choice of a virtual environment, and of its Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.development.environments import QUESTION, environment_path, not_built, parse_answer


@pytest.fixture
def root(tmp_path: Path) -> str:
    for name in (".venv", "active"):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin/python").touch()
    return str(tmp_path)


def test_the_option_comes_before_the_active_environment(root: str) -> None:
    assert environment_path(".venv", f"{root}/active", root, "./pants develop") == f"{root}/.venv"
    assert environment_path(None, f"{root}/active", root, "./pants develop") == f"{root}/active"
    assert environment_path(f"{root}/active/", "", "/nowhere", "./pants develop") == f"{root}/active"


@pytest.mark.parametrize(
    ("option", "expected"),
    [(None, "none is active. Activate one, or name it:\n"), ("missing", "python3.12 -m venv ")],
)
def test_no_environment_is_an_error_with_the_commands(root: str, option: str | None, expected: str) -> None:
    with pytest.raises(InvalidTargetError, match=expected):
        environment_path(option, "", root, "./pants develop")


def test_this_python_answers_with_its_version() -> None:
    answer = subprocess.run([sys.executable, "-c", QUESTION], capture_output=True, text=True, check=True).stdout
    assert parse_answer(f"a line of a .pth file\n{answer}", "python") == PythonVersion(sys.version_info[1])


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ('["cpython", 13, true]', ""),
        ('["pypy", 10, false]', "python is pypy. Native wheels are for CPython"),
        ("Segmentation fault", "python is not a working Python: Segmentation fault"),
        ("", "it printed nothing"),
    ],
)
def test_only_a_working_cpython_has_a_version(output: str, expected: str) -> None:
    if not expected:
        assert parse_answer(output, "python") == PythonVersion(13, free_threaded=True)
        return
    with pytest.raises(InvalidTargetError, match=expected):
        parse_answer(output, "python")


def test_a_wheel_for_other_pythons_says_which() -> None:
    text = not_built("src:wheel", PythonVersion(13), (PythonVersion(11), PythonVersion(12)))
    assert text.startswith("src:wheel is not built for Python 3.13 of the environment, but for 3.11, 3.12.")
