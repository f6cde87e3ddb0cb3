from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave_core.python_search import path_folders, pyenv_root, python_candidates


def program(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def test_path_comes_first_then_the_newest_of_pyenv(tmp_path: Path) -> None:
    first = program(tmp_path / "a/python3.12")
    second = program(tmp_path / "b/python3.12")
    older = program(tmp_path / "pyenv/versions/3.12.9/bin/python3.12")
    newer = program(tmp_path / "pyenv/versions/3.12.10/bin/python3.12")
    program(tmp_path / "pyenv/versions/3.13.1/bin/python3.13")
    path = f"{tmp_path}/none::{tmp_path}/a:{tmp_path}/b"
    environment = {"PATH": path, "PYENV_ROOT": f"{tmp_path}/pyenv"}
    assert list(python_candidates("3.12", environment)) == [first, second, newer, older]
    assert path_folders(environment) == [f"{tmp_path}/{name}" for name in ("none", "a", "b")]


def test_files_that_cannot_be_run_are_skipped(tmp_path: Path) -> None:
    program(tmp_path / "bin/python3.12", 0o644)
    (tmp_path / "more/python3.12").mkdir(parents=True)
    environment = {"PATH": f"{tmp_path}/bin:{tmp_path}/more", "HOME": str(tmp_path)}
    assert list(python_candidates("3.12", environment)) == []


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({"HOME": "/home/me"}, "/home/me/.pyenv"),
        ({"HOME": "/home/me", "PYENV_ROOT": "/opt/pyenv"}, "/opt/pyenv"),
        ({"HOME": "/home/me", "PYENV_ROOT": ""}, "/home/me/.pyenv"),
        ({}, "/.pyenv"),
    ],
)
def test_pyenv_may_have_another_root(environment: dict[str, str], root: str) -> None:
    assert pyenv_root(environment) == root
