from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave import __version__
from spokeshave.cli import COMMANDS, GROUPS, main
from spokeshave.testing.path_fixtures import sources_and
from spokeshave.testing.report_fixtures import read_report
from spokeshave_core.reports.report import FailureReport


def spokeshave(*arguments: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "spokeshave", *arguments)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": sources_and(os.environ.get("PYTHONPATH", ""))}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_help_lists_every_command_without_importing_any(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name.split()[0]}" not in text] == []
    for group in GROUPS:
        with pytest.raises(SystemExit):
            main([group, "--help"])
        text = capsys.readouterr().out
        words = [name.split()[1] for name in COMMANDS if name.startswith(f"{group} ")]
        assert [word for word in words if f"\n    {word}" not in text] == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(command: str) -> None:
    done = spokeshave(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: spokeshave {command}" in done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["version", "--help"], ["version", "--file", "absent"]])
def test_a_reader_that_has_gone_ends_a_command_quietly(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "spokeshave", *arguments]
    environment = {**os.environ, "PYTHONPATH": sources_and(os.environ.get("PYTHONPATH", ""))}
    read, write = os.pipe()
    os.close(read)
    is_error = "--help" not in arguments
    errors = write if is_error else subprocess.PIPE
    try:
        done = subprocess.run(command, env=environment, check=False, stdout=write, stderr=errors)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr or b"") == (141, b"")


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
    assert [problem.place for problem in read_report(FailureReport, report).problems] == [
        f"{tmp_path}/a",
        f"{tmp_path}/b",
    ]
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


def failing_stamp(folder: Path) -> list[str]:
    """A stamp of a wheel that does not exist."""
    outputs = ["--output", str(folder), "--report", f"{folder}/report.json"]
    return ["stamp", "--wheel", "absent.whl", "--version", "1", *outputs]


@pytest.mark.parametrize("debug", ["", "0"])
def test_an_error_is_shown_without_its_stack(debug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOKESHAVE_DEBUG", debug)
    done = spokeshave(*failing_stamp(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("spokeshave stamp: error\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("before", "after", "debug"),
    [([], ["--traceback"], ""), (["--traceback"], [], ""), ([], [], "1")],
    ids=["option of the command", "option before the command", "variable"],
)
def test_the_stack_behind_an_error_is_shown_on_request(
    before: list[str], after: list[str], debug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOKESHAVE_DEBUG", debug)
    done = spokeshave(*before, *failing_stamp(tmp_path), *after)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert ", in run\n" in done.stderr
    # The message for users stands last, after the stack.
    assert re.search(r"\nspokeshave stamp: error\nabsent\.whl: .+\n    .+\n\Z", done.stderr)


BROKEN = """\
def add_arguments(parser):
    parser.add_argument("--report")

def run(args):
    return {}["the\\nkey"]
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command with a bug."""
    (tmp_path / "broken_command.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(COMMANDS, "broken", ("broken_command", "fail"))


def test_a_connection_that_breaks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is the same error as that of an output without a reader."""
    source = (
        "import errno\ndef add_arguments(parser): pass\ndef run(args): raise BrokenPipeError(errno.EPIPE, 'gone')\n"
    )
    (tmp_path / "sending_command.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(COMMANDS, "sending", ("sending_command", "fail"))
    assert main(["sending"]) == 1
    assert "sending: failed: gone" in capfd.readouterr().err


@pytest.mark.usefixtures("broken")
def test_a_bug_is_one_line_that_says_how_to_see_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broken"]) == 1
    first, line, remedy = capsys.readouterr().err.splitlines()
    assert first == "spokeshave broken: error"
    assert re.fullmatch(r"broken: failed unexpectedly at spokeshave/cli\.py:\d+: KeyError: 'the\\nkey'", line)
    assert "--traceback" in remedy
    assert "SPOKESHAVE_DEBUG=1" in remedy


@pytest.mark.usefixtures("broken")
def test_the_stack_of_a_bug_is_shown_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["broken", "--traceback"]) == 1
    assert 'broken_command.py", line 5, in run' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import absent_library.part", "needs the library 'absent_library', which is not installed"),
        ("from json import absent_name", "needs another version of the library 'json'"),
    ],
)
def test_a_missing_library_is_one_line_with_a_remedy(
    text: str,
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = f"importing_{len(text)}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(COMMANDS, "importing", (name, "fail"))
    assert main(["importing", "--wheel", "x", "--report", f"{tmp_path}/report.json"]) == 1
    first, line, remedy = capsys.readouterr().err.splitlines()
    assert first == "spokeshave importing: error"
    assert line.startswith(f"importing: {problem} (")
    assert "Install the package spokeshave again" in remedy
    assert read_report(FailureReport, tmp_path / "report.json").problems[0].place == "importing"
    assert main(["importing", "--report"]) == 1
    assert capsys.readouterr().err.startswith("spokeshave importing: error\n")
    assert main(["importing", "--traceback"]) == 1
    assert capsys.readouterr().err.startswith("Traceback (most recent call last):\n")


@pytest.mark.parametrize("command", ["emulation", "cache-server"])
def test_what_windows_does_not_have_is_refused_there(command: str) -> None:
    """In a process whose Python names its system as on Windows, and has no `fcntl`, as there."""
    program = (
        "import sys; from spokeshave.cli import main; sys.modules['fcntl'] = None; sys.platform = 'win32'; "
        f"sys.exit(main(['{command}', '--help']))"
    )
    done = python("-c", program)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"spokeshave {command}: error",
        f"{command}: is not available on Windows",
        "    Run it on Linux, such as in WSL.",
    ]


def test_every_other_command_starts_without_fcntl() -> None:
    program = (
        "import sys; from spokeshave.cli import COMMANDS, NOT_ON_WINDOWS, make_parser; sys.modules['fcntl'] = None\n"
        "for name in COMMANDS:\n    if name not in NOT_ON_WINDOWS:\n        make_parser([name])"
    )
    done = python("-c", program)
    assert (done.returncode, done.stderr) == (0, "")


def test_small_command_imports_no_heavy_library() -> None:
    program = (
        "import sys; from spokeshave.cli import make_parser; make_parser(['version']); "
        "print([name for name in ('auditwheel', 'pyproject_metadata', 'zlib_ng', 'requests', 'elftools', 'email') "
        "if name in sys.modules])"
    )
    assert python("-c", program).stdout == "[]\n"
