"""The build of a release by the Pants of its own commit, and its record."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import some
from spokeshave.release.nightly.checkout import git_environment
from spokeshave.release.nightly.worktree import Worktree
from spokeshave.release.record import MANIFEST, read_record
from spokeshave_core.problems import Problem, SpokeshaveError

_DIST = "dist"
_RECORDS = "releases"
_OWN_PANTS = "./pants"
_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)
_NAME_IT = "Give the field `release_name` of the target, or without one its name, with --name."

_STATE_IT = "Give no option of Pants that changes it, and let all wheels of the release be built from the commit."


class BuildError(SpokeshaveError):
    """A build that failed, or made no record."""


@dataclass(frozen=True)
class PantsCommand:
    """How a release is built.

    Attributes:
        launcher: The program; None for the `./pants` of the commit, or without one `pants` on PATH.
        options: Those of the version, and the user's.
    """

    launcher: str | None
    target: str
    options: tuple[str, ...]

    def argv(self, root: Path) -> tuple[str, ...]:
        """Return the command in a build root. No daemon outlives it, as the folder does not either."""
        launcher = self.launcher or (_OWN_PANTS if (root / _OWN_PANTS).is_file() else "pants")
        return (launcher, "--no-pantsd", f"--pants-distdir={_DIST}", *self.options, "package", self.target)


def run_pants(worktree: Worktree, command: PantsCommand) -> None:
    """Run Pants with its output on ours. It ends with this process, or keeps the worktree's lock until it ends.

    Raises:
        BuildError: If it fails.
    """
    if not worktree.root.is_dir():
        remedy = "Run the command in the folder of pants.toml, or name it by --checkout."
        raise BuildError(Problem("--checkout", "is a folder that the commit does not have", remedy))
    argv = command.argv(worktree.root)
    try:
        exit_code = _run(argv, worktree)
    except OSError as err:
        message = f"cannot be run ({err.strerror})"
        raise BuildError(Problem(argv[0], message, "Name the program that starts Pants by --pants.")) from err
    if exit_code:
        message = f"ended with exit code {exit_code}"
        raise BuildError(Problem(" ".join(argv), message, "Its messages are above."))


def _run(argv: Sequence[str], worktree: Worktree) -> int:
    """Run a command to its end. An interruption of this process ends it, also one that comes while it is started."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
    process = None
    try:
        process = subprocess.Popen(
            argv,
            cwd=worktree.root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            pass_fds=[worktree.lock],
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
        )
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return process.wait()
    except BaseException:
        if process is not None:
            process.terminate()
            process.wait()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _environment() -> dict[str, str]:
    """Return the environment of Pants, without the packages of this command: `tools/release` sets a PYTHONPATH."""
    return {name: value for name, value in git_environment().items() if name != "PYTHONPATH"}


def built_record(root: Path, name: str, commit: str) -> Path:
    """Return the folder of the one record that a build wrote.

    Raises:
        BuildError: If there is none, or only one with another name, or if it does not state the commit.
    """
    records = {path.parent for path in (root / _DIST / _RECORDS).glob(f"*/*/{MANIFEST}")}
    found = sorted(record for record in records if record.parent.name == name)
    if len(found) == 1:
        stated = read_record(found[0]).commit
        if stated != commit:
            message = f"made a record that states {f'the commit {stated}' if stated else 'no commit'}, and not {commit}"
            raise BuildError(Problem("--target", message, _STATE_IT))
        return found[0]
    others = sorted({record.parent.name for record in records})
    if others:
        raise BuildError(Problem("--name", f"is {name!r}, but the release is named {some(others)}", _NAME_IT))
    remedy = "Name a `release` by --target. If it is one, the messages of Pants above say why it has no record."
    raise BuildError(Problem("--target", "made no release record", remedy))


def default_name(target: str) -> str:
    """Return the name that a release has by default: that of its target."""
    path, colon, name = target.partition(":")
    return name if colon else path.rstrip("/").rpartition("/")[2]
