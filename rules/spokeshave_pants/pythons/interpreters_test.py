"""Tests of the discovery of the machine's CPythons: the script, and the parsing of its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.pythons.interpreters import (
    Interpreter,
    discovery_script,
    expand_search_path,
    parse_discovery,
)


def answer(version: str, path: str = "/usr/bin/python3", **facts: object) -> str:
    usual = {"implementation": "cpython", "free_threaded": False, "include": None}
    return json.dumps({"path": path, "version": version, **usual, **facts}) + "\n"


# Search paths.


def test_placeholders_are_expanded_from_the_environment() -> None:
    environment = {"PATH": "/usr/bin::/bin", "HOME": "/home/me"}
    assert expand_search_path(["<PYENV>", "<PATH>", "/opt/*/bin"], environment) == (
        *("/home/me/.pyenv/versions/*/bin", "/usr/bin", "/bin", "/opt/*/bin"),
    )


def test_pyenv_may_have_another_root_and_the_path_may_be_empty() -> None:
    assert expand_search_path(["<PATH>", "<PYENV>"], {"PYENV_ROOT": "/opt/pyenv"}) == ("/opt/pyenv/versions/*/bin",)


def test_a_directory_is_searched_once() -> None:
    assert expand_search_path(["<PATH>", "/bin"], {"PATH": "/bin:/usr/bin:/bin"}) == ("/bin", "/usr/bin")


# The script.


def found_by_bash(*directories: Path | str) -> tuple[Interpreter, ...]:
    script = discovery_script(str(directory) for directory in directories)
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, check=True, env={"PATH": os.environ["PATH"]})
    return parse_discovery(done.stdout.decode())


def test_the_script_finds_the_interpreter_that_runs_this_test(tmp_path: Path) -> None:
    directory = tmp_path / "it's a place" / "bin"
    directory.mkdir(parents=True)
    minor = sys.version_info.minor
    (directory / f"python3.{minor}").symlink_to(sys.executable)
    (directory / "python3.99").write_text("#!/bin/sh\nexit 3\n")
    (directory / "python3.99").chmod(0o755)
    (directory / "python3.98").write_text("not to be run")
    (found,) = found_by_bash(tmp_path / "*" / "bin")
    assert (found.feature, found.patch) == (PythonVersion(minor), sys.version_info[1:3])


def test_the_script_finds_nothing_in_an_empty_folder(tmp_path: Path) -> None:
    assert found_by_bash(tmp_path, tmp_path / "none") == ()
    assert found_by_bash() == ()


# Its output.


def test_interpreters_are_sorted_oldest_first() -> None:
    output = answer("3.13.0", "/c") + answer("3.9.18", "/a") + answer("3.10.13", "/b")
    assert [interpreter.version for interpreter in parse_discovery(output)] == ["3.9.18", "3.10.13", "3.13.0"]


def test_an_interpreter_that_was_found_twice_is_one() -> None:
    assert len(parse_discovery(answer("3.12.1") * 2)) == 1


def test_an_answer_is_kept_as_it_was_given() -> None:
    (found,) = parse_discovery(answer("3.14.0rc2", "/p", include="/p/include", free_threaded=True))
    assert found == Interpreter(
        feature=PythonVersion(14, True), patch=(14, 0), version="3.14.0rc2", path="/p", include="/p/include"
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a .pth file prints this\n",
        "[1, 2]\n",
        "{}\n",
        "{\n",
        answer("3.10.14", implementation="pypy"),
        answer("2.7.18"),
        answer("3.12.1", path=""),
    ],
)
def test_output_of_other_programs_is_ignored(line: str) -> None:
    assert [found.path for found in parse_discovery(line + answer("3.12.1", "/kept"))] == ["/kept"]
