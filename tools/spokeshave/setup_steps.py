"""The steps of a set-up: printed as they run, each completed or undone, one set-up at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave_core.problems import Problem, SpokeshaveError

_PARTIAL = ".partial-"
_SHOWN_LINES = 8


class SetUpError(SpokeshaveError):
    """A step of the set-up that failed."""


def say(text: str, command: str = "emulation") -> None:
    """Print a message of a command without delay."""
    sys.stderr.write(f"{command}: {text}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def step(title: str, command: str = "emulation") -> Iterator[None]:
    """Print that a step begins, and its duration at the end."""
    say(f"  {title} ...", command)
    start = time.monotonic()
    yield
    say(f"  {title}: {time.monotonic() - start:.1f} s", command)


@contextlib.contextmanager
def exclusive(folder: Path, command: str = "emulation") -> Iterator[None]:
    """Lock the directory and remove leftovers of killed set-ups. The kernel releases the lock when the process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another setup is running in this folder; waiting for it.", command)
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob(f"*/*{_PARTIAL}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield


@contextlib.contextmanager
def whole_folder(destination: Path) -> Iterator[Path]:
    """Yield a new directory that replaces `destination` when the block ends without an error."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{destination.name}{_PARTIAL}", dir=destination.parent))
    partial.chmod(0o755)
    try:
        yield partial
        shutil.rmtree(destination, ignore_errors=True)
        partial.rename(destination)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@dataclass(frozen=True)
class Tool:
    """A runner of commands whose failure ends the set-up, with one remedy for all of them."""

    remedy: str
    variables: Mapping[str, str]

    def run(self, command: Sequence[str | Path], cwd: Path) -> str:
        """Return the command's output.

        Raises:
            SetUpError: If it fails. The message contains the end of its output.
        """
        argv = [str(argument) for argument in command]
        try:
            done = subprocess.run(
                argv,
                cwd=cwd,
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as err:
            raise SetUpError(Problem(argv[0], f"cannot be started ({err.strerror})", self.remedy)) from err
        if done.returncode:
            output_text = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-_SHOWN_LINES:])
            message = f"`{' '.join(argv[:6])} ...` ended with exit code {done.returncode}\n{output_text}"
            raise SetUpError(Problem(Path(argv[0]).name, message, self.remedy))
        return done.stdout
