from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave import __version__
from spokeshave.cli import COMMANDS, main

TOOLS = Path(__file__).parent.parent


def spokeshave(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(TOOLS), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "spokeshave", *arguments]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_help_lists_every_command_without_importing_any(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name}" not in text] == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str) -> None:
    done = spokeshave(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: spokeshave {command}" in done.stdout


def test_version_of_the_tool_is_printed() -> None:
    assert spokeshave("--version").stdout == f"spokeshave {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["carve"], ["stamp"], ["stamp", "--wheel"], ["version", "--fil", "x"]])
def test_wrong_usage_is_exit_code_two_without_a_traceback(arguments: list[str]) -> None:
    done = spokeshave(*arguments)
    assert done.returncode == 2
    assert "usage: spokeshave" in done.stderr
    assert "Traceback" not in done.stderr


def test_user_errors_go_to_stderr_and_the_report(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = spokeshave(
        "version", "--file", f"{tmp_path}/a", f"{tmp_path}/b", "--channel", "stable", "--report", str(report)
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        f"spokeshave version: error\n{tmp_path}/a: cannot be read (No such file or directory)\n"
    )
    problems = json.loads(report.read_text())["problems"]
    assert [problem["place"] for problem in problems] == [f"{tmp_path}/a", f"{tmp_path}/b"]
    assert set(problems[0]) == {"place", "message", "remedy"}


def test_unwritable_output_is_reported_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text('{"package-version": "1.0"}')
    (tmp_path / "file").write_text("")
    arguments = ["version", "--file", f"{tmp_path}/version.json", "--channel", "stable"]
    done = spokeshave(*arguments, "--report", f"{tmp_path}/file/report.json")
    assert done.returncode == 1
    assert f"{tmp_path}/file: failed: " in done.stderr
    assert "Traceback" not in done.stderr


def test_small_command_imports_no_heavy_library() -> None:
    program = (
        "import sys; from spokeshave.cli import make_parser; make_parser(['version']); "
        "print([name for name in ('auditwheel', 'pyproject_metadata', 'zlib_ng', 'requests', 'elftools', 'email') "
        "if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TOOLS), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "[]\n"
