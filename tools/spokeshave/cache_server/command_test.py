from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave.cache_server.installation import environment, find_python, installed_python
from spokeshave.cache_server.status import Counts, Fact, in_use, write_status
from spokeshave.cli import main
from spokeshave.testing.path_fixtures import SOURCES


def test_the_status_of_a_folder_that_no_server_had(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache-server", "status", "--directory", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"No cache server has used {tmp_path}.\n"


def test_the_status_shows_the_size_and_the_hits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = Counts()
    counts.add("hits", 3)
    counts.add("misses")
    facts: dict[str, Fact] = {"address": "grpc://127.0.0.1:1", "pid": 7}
    facts.update(size=1 << 30, files=5, max_size=20 << 30)
    write_status(tmp_path, {**facts, **counts.as_json()})
    assert not in_use(tmp_path)
    assert main(["cache-server", "status", "--directory", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "not running: grpc://127.0.0.1:1 (process 7)" in out
    assert "1.00 GB of 20.00 GB, 5 files" in out
    assert "4 since it started, 3 of them hits" in out


def test_a_python_is_taken_that_runs_and_is_the_right_one(tmp_path: Path) -> None:
    """Broken programs of the same name, such as a pyenv shim of another version, are skipped."""
    (tmp_path / "bin").mkdir()
    for name, code in (("python3.13", "exit 127"), ("python3", f'exec {sys.executable} "$@"')):
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{code}\n")
        program.chmod(0o755)
    assert sys.version_info[:2] != (3, 13)
    assert find_python(tmp_path, {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}) is None


def test_what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    place = environment(tmp_path).folder
    (place / "venv/bin").mkdir(parents=True)
    (place / "venv/bin/python").symlink_to(sys.executable)
    (place / "ready").touch()
    assert installed_python(tmp_path) == place / "venv/bin/python"


def test_set_up_modules_import_only_the_standard_library() -> None:
    program = (
        "import sys; from spokeshave.cli import make_parser; make_parser(['cache-server'])\n"
        "import spokeshave.cache_server.installation, spokeshave.cache_server.settings, spokeshave.cache_server.tokens"
    )
    command = [sys.executable, "-S", "-c", program]
    done = subprocess.run(command, env={"PYTHONPATH": SOURCES}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
