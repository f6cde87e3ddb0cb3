from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from spokeshave.processes import ProcessResult, run_process


def run(code: str, tmp_path: Path, timeout: float = 30) -> ProcessResult:
    return run_process([sys.executable, "-c", code], dict(os.environ), tmp_path, timeout)


def test_output_and_exit_code_are_kept(tmp_path: Path) -> None:
    result = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (result.exit_code, sorted(result.output.split()), result.ok) == (3, ["err", "out"], False)
    assert result.describe_exit() == "ended with exit code 3"


@pytest.mark.parametrize(("number", "name"), [(6, "SIGABRT"), (9, "SIGKILL"), (11, "SIGSEGV")])
def test_a_signal_is_named(tmp_path: Path, number: int, name: str) -> None:
    result = run(f"import os; os.kill(os.getpid(), {number})", tmp_path)
    assert result.describe_exit() == f"was killed by signal {number} ({name})"


def test_a_time_out_is_reported_with_its_seconds(tmp_path: Path) -> None:
    result = run("import time; time.sleep(60)", tmp_path, timeout=1)
    assert result.timed_out
    assert result.describe_exit() == "did not end within 1 seconds and was killed"


def test_a_daemon_does_not_outlive_the_process_nor_hold_it_up(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "child = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "print(subprocess.Popen(child, start_new_session=True).pid)\n"
    )
    result = run(code, tmp_path)
    assert result.ok
    assert result.seconds < 30
    assert not Path(f"/proc/{result.output.strip()}").exists()


def test_an_orphan_that_ends_is_reaped_while_the_process_runs(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, time\n"
        "orphan = int(subprocess.run(['sh', '-c', 'sleep 0 & echo $!'], stdout=subprocess.PIPE).stdout)\n"
        "while os.path.exists(f'/proc/{orphan}'): time.sleep(0.05)\n"
    )
    result = run(code, tmp_path, timeout=20)
    assert result.ok, result.describe_exit()


def test_signals_that_the_caller_ignores_reach_the_process(tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), signal.SIGHUP)"
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run(code, tmp_path).exit_code == -signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, previous)


def test_other_children_of_the_caller_are_not_killed(tmp_path: Path) -> None:
    pid = os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "60")
    try:
        run("pass", tmp_path)
        assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
