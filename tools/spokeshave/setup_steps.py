"""The steps of the set-up: told as they go, each done whole or not at all, one set-up at a time."""

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

from spokeshave.errors import Problem, SpokeshaveError

_PARTIAL = ".partial-"
_SHOWN_LINES = 8


class SetUpError(SpokeshaveError):
    """A step of the set-up that did not come to its end."""


def say(text: str, command: str = "emulation") -> None:
    """Tell the user of a command, at once."""
    sys.stderr.write(f"{command}: {text}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def step(title: str, command: str = "emulation") -> Iterator[None]:
    """Tell that a step begins, and how long it took."""
    say(f"  {title} ...", command)
    start = time.monotonic()
    yield
    say(f"  {title}: {time.monotonic() - start:.1f} s", command)


@contextlib.contextmanager
def exclusive(folder: Path, command: str = "emulation") -> Iterator[None]:
    """Hold the folder's lock, which the kernel frees however this process ends; leftovers of killed ones go first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running in this folder; waiting for it.", command)
            fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob(f"*/*{_PARTIAL}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield


@contextlib.contextmanager
def whole_folder(destination: Path) -> Iterator[Path]:
    """A new folder that takes the place of ``destination`` when the block ends without an error."""
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
    """Runs commands whose failure ends the set-up, with one remedy for all of them."""

    remedy: str
    variables: Mapping[str, str]

    def run(self, command: Sequence[str | Path], cwd: Path) -> str:
        """The command's output; raises `SetUpError` with the end of what it said."""
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
            said = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-_SHOWN_LINES:])
            message = f"`{' '.join(argv[:6])} ...` ended with exit code {done.returncode}\n{said}"
            raise SetUpError(Problem(Path(argv[0]).name, message, self.remedy))
        return done.stdout
