"""Processes with a time limit and captured output that leave no other processes behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_KEPT_OUTPUT = 1 << 20
_SWEEPS = 50
_LAST_OUTPUT = 5.0
_REAP_INTERVAL = 0.1


@dataclass(frozen=True)
class ProcessResult:
    """The result of a process: its exit code (None after a time-out), the end of its output, and its seconds."""

    exit_code: int | None
    output: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Return whether it exited by itself with code 0."""
        return self.exit_code == 0

    @property
    def timed_out(self) -> bool:
        """Return whether it was killed at its time limit."""
        return self.exit_code is None

    def describe_exit(self) -> str:
        """Return its exit in words: `was killed by signal 11 (SIGSEGV)`."""
        if self.exit_code is None:
            return f"did not end within {self.seconds:.0f} seconds and was killed"
        if self.exit_code >= 0:
            return f"ended with exit code {self.exit_code}"
        return f"was killed by signal {-self.exit_code} ({_signal_name(-self.exit_code)})"

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the output, without empty lines."""
        return "\n".join([line for line in self.output.splitlines() if line.strip()][-count:])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def run_process(
    command: Sequence[str | Path], env: Mapping[str, str], cwd: Path, timeout: float, *, piped: bool = False
) -> ProcessResult:
    """Run a command in a process group of its own. All processes that it started have ended on return.

    Args:
        timeout: The time limit in seconds.
        piped: Whether to put a pipe between the command and the file for its output. Windows programs under wine write
            only to a pipe. Otherwise a file is used, because a pipe stays open as long as any descendant lives.
    """
    before = _children()
    _adopt_orphans()
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        with _writable(output, piped) as stdout:
            process = subprocess.Popen(
                [str(argument) for argument in command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_child_setup(),
            )
            try:
                exit_code = _wait(process, timeout, before)
            finally:
                seconds = time.monotonic() - start
                _kill_all(process, before)
        return ProcessResult(exit_code, _tail(output), seconds)


@contextlib.contextmanager
def _writable(output: IO[bytes], piped: bool) -> Iterator[IO[bytes]]:
    """Yield the file itself, or a pipe into it that is drained when the block ends."""
    if not piped:
        yield output
        return
    read, write = os.pipe()
    copying = threading.Thread(target=_copy, args=(read, output.fileno()), daemon=True)
    copying.start()
    try:
        with os.fdopen(write, "wb") as stream:
            yield stream
    finally:
        # Every writer was killed. If one escaped, do not wait for it.
        copying.join(_LAST_OUTPUT)


def _copy(source: int, destination: int) -> None:
    with contextlib.suppress(OSError):
        for data in iter(lambda: os.read(source, 1 << 16), b""):
            os.write(destination, data)
    os.close(source)


def _wait(process: subprocess.Popen[bytes], timeout: float, before: frozenset[int]) -> int | None:
    """Wait for the process, and meanwhile reap orphans that end, as init would: a test may wait for their end."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(min(left, _REAP_INTERVAL))
        for orphan in _children() - before - {process.pid}:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(orphan, os.WNOHANG)
    return None


def _kill_all(process: subprocess.Popen[bytes], before: frozenset[int]) -> None:
    """Kill the process group, and processes that left it but became our children as orphans."""
    if sys.platform == "win32":
        # Windows has no groups. The program ends a process with its descendants as long as it lives.
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
        process.kill()
        process.wait()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(_SWEEPS):
        orphans = _children() - before
        if not orphans:
            return
        for orphan in orphans:
            with contextlib.suppress(ProcessLookupError, ChildProcessError, PermissionError):
                os.kill(orphan, signal.SIGKILL)
                os.waitpid(orphan, 0)


def _children() -> frozenset[int]:
    """Return the process ids of our children. Empty if the system does not provide them."""
    found: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found.update(map(int, file.read_text().split()))
    return frozenset(found)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _adopt_orphans() -> None:
    """Make processes whose parent ended our children, so that none escapes."""
    if sys.platform == "linux":
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _child_setup() -> Callable[[], None] | None:
    """Return what a child does before its program: it receives signals as in a terminal, and dies with its parent.

    Below `nohup`, SIGHUP is ignored, and in the background of a script SIGINT and SIGQUIT. Tests send these signals.
    """
    if sys.platform == "win32":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def set_up() -> None:
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)

    return set_up


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _KEPT_OUTPUT))
    return output.read(_KEPT_OUTPUT).decode("utf-8", "replace")


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end this process like Ctrl-C in the block: by an exception, so that clean-up runs."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
