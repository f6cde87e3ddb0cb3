"""The `spokeshave` command.

Each command is a module with `add_arguments(parser)` and `run(args) -> int`. Only the module of the command that runs
is imported, so that a small command starts fast.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib
import os
import select
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TextIO, cast

from spokeshave import __version__
from spokeshave.errors import ExitCode
from spokeshave.failures import DEBUG_VARIABLE, show_stack, user_error
from spokeshave_core.problems import Problem, SpokeshaveError

COMMANDS = {
    "metadata": ("spokeshave.assemble.metadata_command", "check a pyproject.toml and report the metadata of its wheel"),
    "assemble": (
        "spokeshave.assemble.command",
        "assemble an unrepaired wheel from pyproject.toml and a tree of files",
    ),
    "intake": ("spokeshave.intake.command", "check a wheel of a build backend and make it ready for the repair"),
    "fuse": ("spokeshave.native.macho.fuse", "join the x86_64 and arm64 builds of Mach-O files into universal files"),
    "repair": ("spokeshave.repair.command", "graft the needed libraries into a wheel and give it a platform tag"),
    "place": ("spokeshave.repair.place", "make native files next to Python sources find the libraries that they need"),
    "verify": ("spokeshave.verify.command", "check that a wheel is valid for its platform tag"),
    "stamp": ("spokeshave.stamp.command", "write a version into a finished wheel"),
    "sdist write": ("spokeshave.sdist.write_command", "write an sdist that CMake builds, without a version"),
    "sdist stamp": ("spokeshave.sdist.stamp_command", "write a version into an sdist"),
    "sdist intake": ("spokeshave.sdist.intake_command", "make the sdist of a build backend ready to be published"),
    "sdist compare": ("spokeshave.sdist.compare_command", "check that an sdist builds the wheel of its source tree"),
    "smoke-test": ("spokeshave.smoke.command", "install wheels into fresh environments and test them"),
    "develop": ("spokeshave.develop.command", "put native files into the source tree, and install wheels as editable"),
    "fetch": ("spokeshave.pythons.fetch", "download the wheels that a requirements file pins, for another Python"),
    "emulation": ("spokeshave.emulation.command", "set up emulators and Pythons of other platforms for smoke tests"),
    "cache-server": ("spokeshave.cache_server.command", "start a remote cache for the runners of a small team"),
    "upload": ("spokeshave.upload.command", "upload wheels to an index, skipping files it already has"),
    "version": ("spokeshave.version.command", "compute the version of a release from its version files"),
    "index add": ("spokeshave.release.index.add_command", "add releases to a static package index"),
    "index keep": ("spokeshave.release.index.keep_command", "exempt a release of an index from `index prune`"),
    "index list": ("spokeshave.release.index.list_command", "print the releases of an index"),
    "index prune": ("spokeshave.release.retention.command", "remove whole releases that are neither new nor needed"),
    "index rebuild": ("spokeshave.release.verification.rebuild_command", "make all pages of an index again"),
    "index remove": ("spokeshave.release.index.remove_command", "remove one release from an index"),
    "index verify": ("spokeshave.release.verification.command", "check that an index is what its records make it"),
    "index yank": ("spokeshave.release.index.yank_command", "advise installers against a release of an index"),
    "release check": ("spokeshave.release.check.command", "check what an index would refuse, before anything is sent"),
    "release seal": ("spokeshave.release.seal.command", "check a set of wheels and write the record of its release"),
    "release try": ("spokeshave.release.trial.command", "install a published release from one index, and test it"),
    "release publish": (
        "spokeshave.release.publish.command",
        "publish a release as a whole; the same command continues after any end",
    ),
    "release fetch": ("spokeshave.release.fetch.command", "download a release or wheels, checked by sha256"),
    "release status": ("spokeshave.release.publish.status", "show which files of a release a destination has"),
    "release show": ("spokeshave.release.show", "print the record of a release"),
    "release promote": (
        "spokeshave.release.promote.command",
        "make a final release from a tested release candidate, without another change",
    ),
    "release conda": (
        "spokeshave.release.conda.command",
        "write recipes for conda packages of a release, or find what a feedstock's recipe lacks",
    ),
    "release compare": (
        "spokeshave.release.promote.compare_command",
        "show that two releases differ in their version only",
    ),
    "index serve": ("spokeshave.release.index.server.command", "serve a release index to pip, uv and browsers"),
    "release nightly": (
        "spokeshave.release.nightly.command",
        "build and release a commit, if there is anything new since the last release",
    ),
}
# Commands of two words, by their first one.
GROUPS = {
    "index": "Write, check and serve a static package index of releases.",
    "sdist": "Write an sdist, stamp it, and compare its wheel with that of the source tree.",
    "release": "Seal, check, publish and promote a release: a set of wheels with one version.",
}
# They lock files, and start processes, in ways that Windows does not have. Pants does not run there either.
NOT_ON_WINDOWS = ("emulation", "cache-server", "develop", "release nightly")

# 128 + SIGPIPE, which Windows does not have: what shells report of a program that its reader ended.
_ENDED_BY_SIGPIPE = 141


class CommandModule(Protocol):
    """The interface of a command's module."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Run the command. Return an `ExitCode`, which is not 0 after an error message on stderr."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Errors go to stderr and to the report.

    If the reader of the output has gone, as `head` has after its lines, the command ends like one by SIGPIPE.
    """
    try:
        try:
            return run_command(arguments)
        finally:
            sys.stdout.flush()
    except OSError as err:
        if not is_closed_output(err):
            raise
        drop_output()
        return _ENDED_BY_SIGPIPE


def is_closed_output(error: Exception) -> bool:
    """Return whether an error is that nobody reads stdout or stderr any more."""
    # Windows says that the argument is invalid.
    kinds = (errno.EPIPE, *((errno.EINVAL,) if sys.platform == "win32" else ()))
    if not isinstance(error, OSError) or error.errno not in kinds or error.filename is not None:
        return False
    return any(_has_no_reader(stream) for stream in (sys.stdout, sys.stderr))


def _has_no_reader(stream: TextIO) -> bool:
    """Return whether a stream is a pipe whose other end is closed. A connection of the command may break like it."""
    if sys.platform == "win32":
        return True
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLERR)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def drop_output() -> None:
    """Write what is left of the output to nowhere, so that Python's own end does not report an error again."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            descriptor = os.open(os.devnull, os.O_WRONLY)
            os.dup2(descriptor, stream.fileno())
            os.close(descriptor)


def run_command(arguments: Sequence[str] | None) -> int:
    """Run a command, and print its error.

    Raises:
        OSError: If the output is closed.
    """
    argv = list(sys.argv[1:] if arguments is None else arguments)
    args = None
    try:
        args = make_parser(argv).parse_args(argv)
        run = cast("Callable[[argparse.Namespace], int]", args.run)
        return int(run(args))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as err:
        if is_closed_output(err):
            raise
        args = args or early_arguments(argv)
        show_stack(args, err)
        return fail(args, user_error(args.command, err))


def early_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments that the report of an error needs, without those of the command's own module."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--report", type=Path, nargs="?")
    add_traceback(parser)
    found, _ = parser.parse_known_args(argv)
    found.command = chosen_command(argv)
    return found


def chosen_command(argv: Sequence[str]) -> str | None:
    """Return the command: the first argument that is not an option, or the first two where that begins a group."""
    words = [argument for argument in argv if not argument.startswith("-")]
    return " ".join(words[: 2 if words[0] in GROUPS else 1]) if words else None


def make_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of all commands. Only the selected command's module is imported for its arguments."""
    parser = argparse.ArgumentParser(
        prog="spokeshave", description="Build, repair, verify, test and release native Python wheels."
    )
    parser.add_argument("--version", action="version", version=f"spokeshave {__version__}")
    add_traceback(parser)
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    groups = {
        name: commands.add_parser(name, help=text, description=text).add_subparsers(metavar="command", required=True)
        for name, text in GROUPS.items()
    }
    chosen = chosen_command(argv)
    for name, (module_name, summary) in COMMANDS.items():
        group, _, word = name.rpartition(" ")
        command = (groups[group] if group else commands).add_parser(
            word, help=summary, description=summary, allow_abbrev=False
        )
        if name == chosen:
            add_traceback(command)
            check_system(name, sys.platform)
            module = cast("CommandModule", importlib.import_module(module_name))
            module.add_arguments(command)
            command.set_defaults(run=module.run, command=name)
    return parser


def check_system(command: str, system: str) -> None:
    """Check that a command exists on a system, by Python's name of it.

    Raises:
        SpokeshaveError: If it does not.
    """
    if system == "win32" and command in NOT_ON_WINDOWS:
        raise SpokeshaveError(Problem(command, "is not available on Windows", "Run it on Linux, such as in WSL."))


def add_traceback(parser: argparse.ArgumentParser) -> None:
    """Declare `--traceback`, before and after the command. Without a default, which one would set over the other."""
    parser.add_argument(
        "--traceback",
        action="store_true",
        default=argparse.SUPPRESS,
        help=f"show the Python stack behind an error (as {DEBUG_VARIABLE}=1 does)",
    )


def fail(args: argparse.Namespace, error: SpokeshaveError) -> int:
    """Print an error and return the exit code."""
    sys.stderr.write(f"spokeshave {args.command}: error\n{error}\n")
    report = getattr(args, "report", None)
    if isinstance(report, Path):
        write_failure(report, error)
    return ExitCode.USER_ERROR


def write_failure(report: Path, error: SpokeshaveError) -> None:
    """Write the report of a failed command, so that a report of an earlier run is not mistaken for this one's."""
    from spokeshave.report import write_text
    from spokeshave_core.reports.report import FailureReport

    try:
        write_text(report, FailureReport(error.problems).to_json())
    except OSError as err:
        sys.stderr.write(f"{report}: the report cannot be written ({err.strerror})\n")
