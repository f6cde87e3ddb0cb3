"""The rule for hostile input, enforced for one input at a time: errors, time, memory and paths."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from spokeshave_core.problems import SpokeshaveError

SECONDS = 10
MEGABYTES = 300
REPOSITORY = Path(__file__).resolve().parents[2]

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_READABLE = (str(REPOSITORY), "/proc/self", os.devnull)
# Audit events of the standard library that change the file system, with the number of their paths.
_CHANGES = {
    "os.chmod": 1,
    "os.link": 2,
    "os.mkdir": 1,
    "os.remove": 1,
    "os.rename": 2,
    "os.rmdir": 1,
    "os.symlink": 2,
    "os.truncate": 1,
    "os.utime": 1,
}
_FORBIDDEN = ("socket.connect", "os.system", "os.exec", "os.fork")
_PROGRAMS = ("subprocess.Popen", "os.posix_spawn")
_RESET_PEAK = "5"


class BrokenRuleError(BaseException):
    """An input that breaks the rule. Not an `Exception`, so that no parser takes it for damage of its input."""


@dataclass(frozen=True)
class Target:
    """A parser of bytes from outside.

    Attributes:
        summary: What it reads, for the list of targets.
        read: Reads an input. The folder is new, and is removed afterwards.
        seeds: Returns small valid inputs.
        errors: Errors besides our own by which it may refuse an input. Its callers turn them into errors for users.
        words: What inputs of this kind consist of, for mutations.
        programs: The programs that it may start.
        reads_named: Whether it reads files that its input names, as users ask for, such as `-r` of a requirements file.
    """

    name: str
    summary: str
    read: Callable[[bytes, Path], object]
    seeds: Callable[[], Sequence[bytes]]
    errors: tuple[type[Exception], ...] = ()
    words: tuple[bytes, ...] = ()
    programs: tuple[str, ...] = ()
    reads_named: bool = False


class _Watch:
    """What an input may do while it is read. Audit hooks cannot be removed, so there is one for all inputs."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._programs: tuple[str, ...] = ()
        self._reads_all = False
        self._readable = tuple(
            os.path.realpath(path)
            for path in (
                sys.prefix,
                sys.base_prefix,
                *filter(None, sys.path),
                *_READABLE,
            )
        )
        self.violation: str | None = None
        sys.addaudithook(self._audit)

    @contextlib.contextmanager
    def watching(self, folder: Path, target: Target) -> Iterator[None]:
        """Record what the block does outside of a folder."""
        self._programs = target.programs
        self._reads_all = target.reads_named
        self.violation = None
        self._folder = folder
        writes_bytecode = sys.dont_write_bytecode
        sys.dont_write_bytecode = True
        try:
            yield
        finally:
            self._folder = None
            sys.dont_write_bytecode = writes_bytecode

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        folder = self._folder
        if folder is None:
            return
        if event == "open":
            path, _, flags = arguments
            self._check(folder, path, isinstance(flags, int) and bool(flags & _WRITING))
        elif event in _CHANGES and arguments[-1] in (-1, None):
            # With a descriptor of a folder, the paths are below one that was opened before.
            # The target of a symbolic link is a text. Where it leads is checked when it is used.
            for path in arguments[1 if event == "os.symlink" else 0 : _CHANGES[event]]:
                self._check(folder, path, is_change=True)
        elif event in _PROGRAMS:
            program = os.fsdecode(arguments[0])  # type: ignore[arg-type]
            if Path(program).name not in self._programs:
                self._fail(f"starts {program}")
        elif event in _FORBIDDEN:
            self._fail(f"{event} {arguments}")

    def _check(self, folder: Path, path: object, is_change: bool) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        text = os.fsdecode(path)
        if not is_change and (self._reads_all or "/" not in text):
            # `shutil.rmtree` opens folders by their name, relative to the descriptor of their parent.
            return
        # What a link leads to counts, and not its own place.
        real = os.path.realpath(text)
        roots = (str(folder), *(() if is_change else self._readable), os.devnull)
        if not any(real == root or real.startswith(f"{root}/") for root in roots):
            self._fail(f"{'writes' if is_change else 'reads'} {real}")

    def _fail(self, violation: str) -> None:
        self.violation = self.violation or violation
        raise BrokenRuleError(violation)


_watch: _Watch | None = None


def _out_of_time(_number: int, _frame: FrameType | None) -> None:
    raise BrokenRuleError("takes more seconds than it may")


def check(target: Target, data: bytes, seconds: int = SECONDS) -> bool:
    """Let a target read an input, and return whether it accepts it.

    Args:
        seconds: The most time of the processor that it may take.

    Raises:
        BrokenRuleError: If the input breaks the rule.
    """
    global _watch
    if _watch is None:
        # pefile collects garbage for each file. What exists now stays, and is not looked at again.
        gc.freeze()
        _watch = _Watch()
    scratch = Path(tempfile.mkdtemp(prefix="spokeshave-hostile-", dir=_scratch_root())).resolve()
    temporary = tempfile.tempdir
    tempfile.tempdir = str(scratch)
    started = time.process_time()
    memory = _Memory()
    previous = signal.signal(signal.SIGVTALRM, _out_of_time)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        with _watch.watching(scratch, target):
            is_accepted = _read(target, data, scratch)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        _check_limits(memory, time.process_time() - started, seconds)
        if _watch.violation is not None:
            raise BrokenRuleError(_watch.violation)
        return is_accepted
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)
        tempfile.tempdir = temporary
        shutil.rmtree(scratch, ignore_errors=True)


def _scratch_root() -> str | None:
    """Return a folder in memory, which is faster, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _read(target: Target, data: bytes, folder: Path) -> bool:
    try:
        target.read(data, folder)
    except SpokeshaveError as err:
        _check_error(err)
        return False
    except target.errors as err:
        if not str(err):
            raise BrokenRuleError(f"refuses an input without a reason: {err!r}") from err
        return False
    except Exception as err:
        raise BrokenRuleError(f"{type(err).__name__} at {_raised_at(err)}: {str(err)[:200]}") from err
    return True


def _check_error(error: SpokeshaveError) -> None:
    if not error.problems:
        raise BrokenRuleError(f"{type(error).__name__} without a problem") from error
    for problem in error.problems:
        # A problem with a text alone names the place and the remedy there.
        is_whole = bool(problem.message) and bool(problem.place) == bool(problem.remedy)
        if not is_whole:
            raise BrokenRuleError(f"an error without place, message or remedy: {problem!r}") from error


def _raised_at(error: Exception) -> str:
    """Return the line that raised an error, and the last one of ours before it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/spokeshave" in frame.filename]
    shown = [frames[-1], *([own[-1]] if own and own[-1] is not frames[-1] else [])]
    return " in ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in shown)


class _Memory:
    """The memory of the process, and its peak from then on."""

    def __init__(self) -> None:
        try:
            Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
        except OSError:
            self._before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        else:
            self._before = _status("VmRSS")

    def grown(self) -> int:
        """Return by how many megabytes it was larger at some time since."""
        return (_status("VmHWM") - self._before) // 1024


def _status(key: str) -> int:
    """Return a number of this process, in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    return 0


def _check_limits(memory: _Memory, taken: float, seconds: int) -> None:
    if taken > seconds:
        raise BrokenRuleError(f"takes more seconds than it may: {taken:.0f} s")
    grown = memory.grown()
    if grown > MEGABYTES:
        raise BrokenRuleError(f"takes more than {MEGABYTES} MB: {grown} MB")
