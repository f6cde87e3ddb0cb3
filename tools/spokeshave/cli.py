"""The `spokeshave` command.

Each command is a module with `add_arguments(parser)` and `run(args) -> int`. Only the module of the command that runs
is imported, so that a small command starts fast.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from spokeshave import __version__
from spokeshave.errors import ExitCode, Problem, SpokeshaveError

COMMANDS = {
    "metadata": ("spokeshave.assemble.metadata_command", "check a pyproject.toml and tell what it says of the wheel"),
    "assemble": ("spokeshave.assemble.command", "make an unrepaired wheel from a pyproject.toml and a tree of files"),
    "fuse": ("spokeshave.native.macho.fuse", "join the x86_64 and the arm64 build of Mach-O files into universal ones"),
    "repair": ("spokeshave.repair.command", "graft libraries into a wheel and give it its platform's tag"),
    "verify": ("spokeshave.verify.command", "find what keeps a wheel from working where its tag says it does"),
    "stamp": ("spokeshave.stamp.command", "put a version into a finished wheel"),
    "smoke-test": ("spokeshave.smoke.command", "install wheels into fresh environments and try them"),
    "fetch": ("spokeshave.pythons.fetch", "fetch what a requirements file pins, for another Python"),
    "emulation": ("spokeshave.emulation.command", "set up emulators and Pythons of other platforms, for smoke tests"),
    "cache-server": ("spokeshave.cache_server.command", "start a remote cache for the runners of a small team"),
    "upload": ("spokeshave.upload.command", "put wheels on an index, what is already there left out"),
    "version": ("spokeshave.version.command", "compute a release's version from version files"),
}


class CommandModule(Protocol):
    """The interface of a command's module."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Run the command. The exit code is 0, or 1 after an error message on stderr."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. User-fixable errors go to stderr and to the report."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    args = make_parser(argv).parse_args(argv)
    run = cast("Callable[[argparse.Namespace], int]", args.run)
    try:
        return int(run(args))
    except SpokeshaveError as err:
        return fail(args, err)
    except OSError as err:
        place = str(err.filename or args.command)
        return fail(
            args, SpokeshaveError(Problem(place, f"failed: {err.strerror or err}", "Check the path and the disk."))
        )
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def make_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of all commands. Only the selected command's module is imported for its arguments."""
    parser = argparse.ArgumentParser(
        prog="spokeshave", description="Make, repair, verify and test native Python wheels."
    )
    parser.add_argument("--version", action="version", version=f"spokeshave {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    chosen = next((argument for argument in argv if not argument.startswith("-")), None)
    for name, (module_name, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if name == chosen:
            module = cast("CommandModule", importlib.import_module(module_name))
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def fail(args: argparse.Namespace, error: SpokeshaveError) -> int:
    """Print an error and return the exit code."""
    sys.stderr.write(f"spokeshave {args.command}: error\n{error}\n")
    report = getattr(args, "report", None)
    if isinstance(report, Path):
        write_failure(report, error)
    return ExitCode.USER_ERROR


def write_failure(report: Path, error: SpokeshaveError) -> None:
    """Write the report of a failed command, so that a report of an earlier run is not mistaken for this one's."""
    from spokeshave.report import write_report

    try:
        write_report(report, {"problems": [problem.as_json() for problem in error.problems]})
    except OSError as err:
        sys.stderr.write(f"{report}: the report cannot be written ({err.strerror})\n")
