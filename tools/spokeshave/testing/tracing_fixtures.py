"""A program that runs as a process of its own, and is disturbed at one of its system calls that change something."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path

from spokeshave.testing.system_call_fixtures import (
    KINDS,
    PTRACE_CONT,
    PTRACE_EVENT_SECCOMP,
    PTRACE_OPTIONS,
    PTRACE_SETOPTIONS,
    PTRACE_SYSCALL,
    WALL,
    Kind,
    Registers,
    be_traced,
    changed_path,
    has_effect,
    ptrace,
    sent_text,
)

_SYSCALL_STOP = signal.SIGTRAP | 0x80
_CRASHED = 70
Program = Callable[[], object]


class Action(Enum):
    """What happens to a process at a system call."""

    KILL = "killed before it, with all its children"
    CUT = "killed after half of its bytes were written"
    ALONE = "killed before it, and its children and parents live on"
    FULL = "the disk is full from there on"
    BROKEN = "this call fails with EIO"


@dataclass(frozen=True)
class Disturbance:
    """An action at a call, of which the first has the number 0.

    Attributes:
        within: A regular expression. Only calls with a path that has it are counted.
    """

    at: int
    action: Action = Action.KILL
    within: str = ""


@dataclass(frozen=True)
class Call:
    """A system call that changes something in a watched folder, or that sends.

    Attributes:
        path: The path that it changes; for a socket, the beginning of what is sent.
        size: The bytes that it writes. None if it cannot be cut.
        grows: Whether it fails if the disk is full.
    """

    name: str
    path: str
    size: int | None
    grows: bool


@dataclass(frozen=True)
class Run:
    """What became of a program: its exit code (negative after a signal), its output, and its calls."""

    exit_code: int
    output: str
    calls: tuple[Call, ...]
    is_disturbed: bool


@dataclass(frozen=True)
class Command:
    """A program that replaces the process that calls this."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path

    def __call__(self) -> None:
        """Become the program."""
        os.chdir(self.folder)
        os.execvpe(self.argv[0], list(self.argv), dict(self.environment))


@dataclass(frozen=True)
class Watch:
    """Which calls count: those below these folders, and what is sent to sockets if `sends`."""

    folders: tuple[Path, ...]
    sends: bool = False

    def has(self, path: str) -> bool:
        """Return whether a path of `changed_path` counts."""
        if path.startswith("socket:"):
            return self.sends
        below = any(path == str(each) or path.startswith(f"{each}/") for each in self.folders)
        return below and not path.endswith(" (deleted)")


def run_traced(program: Program, watch: Watch, disturbance: Disturbance | None = None, seconds: float = 600) -> Run:
    """Run a program in a fork of this process, with all processes and threads that it starts.

    All of them have ended on return. The tracer is a process of its own too, so that it waits for no other children.

    Args:
        program: Its result, if it is a number, is the exit code of the fork.

    Raises:
        AssertionError: If the tracer failed, such as at its time limit.
    """
    read, write = os.pipe()
    tracer = os.fork()
    if tracer == 0:
        os.close(read)
        _be_tracer(program, _Tracer(watch, disturbance), write, seconds)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as stream:
        text = stream.read()
    os.waitpid(tracer, 0)
    assert text.startswith("{"), text
    fields = json.loads(text)
    return Run(**{**fields, "calls": tuple(Call(**each) for each in fields["calls"])})


def _be_tracer(program: Program, tracer: _Tracer, write: int, seconds: float) -> None:
    """Trace, write the result into a pipe, and end this process."""
    try:
        with tempfile.TemporaryFile() as output:
            root = os.fork()
            if root == 0:
                os.close(write)
                _be_program(program, output.fileno())
            signal.signal(signal.SIGALRM, _too_late)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            exit_code = tracer.trace(root)
            output.seek(0)
            run = Run(
                exit_code=exit_code,
                output=output.read().decode("utf-8", "replace"),
                calls=tuple(tracer.calls),
                is_disturbed=tracer.is_disturbed,
            )
            text = json.dumps(asdict(run))
    except BaseException:
        text = traceback.format_exc()
    with os.fdopen(write, "w", encoding="utf-8") as stream:
        stream.write(text)
    os._exit(0)


def _too_late(_number: int, _frame: object) -> None:
    raise TimeoutError("the traced program did not end in time")


def _be_program(program: Program, output: int) -> None:
    """Run the program, and end this process."""
    code = _CRASHED
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
        sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        be_traced()
        code = _exit_code(program)
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def _exit_code(program: Program) -> int:
    try:
        result = program()
    except SystemExit as err:
        result = err.code
    return int(result) if isinstance(result, int) else 0


@dataclass
class _Tracer:
    """The loop that receives each stop of each traced thread, and lets it go on."""

    watch: Watch
    disturbance: Disturbance | None
    calls: list[Call] = field(default_factory=list)
    is_disturbed: bool = False
    _threads: set[int] = field(default_factory=set)
    _counted: int = 0
    _is_ending: bool = False

    def trace(self, root: int) -> int:
        """Trace a process and all that come from it until they have ended. Return the exit code of the first one."""
        _, status = os.waitpid(root, 0)
        ptrace(PTRACE_SETOPTIONS, root, 0, PTRACE_OPTIONS)
        self._threads.add(root)
        _resume(root)
        exit_code = 0
        for thread, status in _stops():
            if not os.WIFSTOPPED(status):
                self._threads.discard(thread)
                exit_code = os.waitstatus_to_exitcode(status) if thread == root else exit_code
            else:
                # It may have been killed meanwhile.
                with contextlib.suppress(ProcessLookupError):
                    self._go_on(thread, status)
        return exit_code

    def _go_on(self, thread: int, status: int) -> None:
        is_new = thread not in self._threads
        self._threads.add(thread)
        if self._is_ending:
            os.kill(thread, signal.SIGKILL)
        elif status >> 16 == PTRACE_EVENT_SECCOMP:
            self._begin_call(thread)
        elif os.WSTOPSIG(status) == _SYSCALL_STOP:
            # The end of a call that was cut.
            self._kill_all()
        elif status >> 16 or (is_new and os.WSTOPSIG(status) == signal.SIGSTOP):
            _resume(thread)
        else:
            ptrace(PTRACE_CONT, thread, 0, os.WSTOPSIG(status))

    def _begin_call(self, thread: int) -> None:
        registers = Registers.of(thread)
        kind = KINDS[registers.number]
        path = changed_path(thread, kind, registers)
        if not self.watch.has(path) or not has_effect(kind, registers, path):
            _resume(thread)
            return
        if path.startswith("socket:"):
            path = f"socket: {sent_text(thread, kind, registers)}"
        size = None if kind.size is None else registers.argument(kind.size)
        self.calls.append(Call(name=kind.name, path=path, size=size, grows=kind.grows))
        if self.disturbance is None or not re.search(self.disturbance.within, path):
            _resume(thread)
            return
        number = self._counted
        self._counted += 1
        if number < self.disturbance.at:
            _resume(thread)
        else:
            self._disturb(thread, kind, registers, is_first=number == self.disturbance.at)

    def _disturb(self, thread: int, kind: Kind, registers: Registers, *, is_first: bool) -> None:
        assert self.disturbance is not None
        action = self.disturbance.action
        self.is_disturbed = True
        if action is Action.KILL:
            self._kill_all()
        elif action is Action.CUT and kind.size is not None:
            registers.set_argument(kind.size, registers.argument(kind.size) // 2)
            registers.write_to(thread)
            ptrace(PTRACE_SYSCALL, thread)
        elif action is Action.ALONE and is_first:
            os.kill(thread, signal.SIGKILL)
        else:
            if action is Action.BROKEN and is_first:
                registers.refuse(errno.EIO)
            elif action is Action.FULL and kind.grows:
                registers.refuse(errno.ENOSPC)
            registers.write_to(thread)
            _resume(thread)

    def _kill_all(self) -> None:
        self._is_ending = True
        for thread in self._threads:
            with contextlib.suppress(ProcessLookupError):
                os.kill(thread, signal.SIGKILL)


def _stops() -> Iterator[tuple[int, int]]:
    """Yield the changes of all traced threads, until there are none."""
    while True:
        try:
            yield os.waitpid(-1, WALL)
        except ChildProcessError:
            return


def _resume(thread: int) -> None:
    ptrace(PTRACE_CONT, thread)
