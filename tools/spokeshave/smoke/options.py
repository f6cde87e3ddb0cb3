"""The options of commands that test installed wheels: scripts, modules and the timeout."""

from __future__ import annotations

import argparse

from spokeshave.option_values import positive_seconds
from spokeshave.smoke.choices import SmokeChoices, command_line
from spokeshave.smoke.trial import TIMEOUT


def add_smoke_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that decide which scripts and modules are tested, and for how long each process may run."""
    parser.add_argument(
        "--script",
        type=command_line,
        action="append",
        default=[],
        metavar="'NAME ARGUMENTS'",
        help="arguments for a console script instead of --help, such as 'abacus --version'",
    )
    parser.add_argument("--skip-script", action="append", default=[], metavar="NAME", help="a console script to skip")
    parser.add_argument(
        "--skip-import",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module to skip together with its submodules, because it needs packages that the wheel does not require",
    )
    parser.add_argument(
        "--timeout",
        type=positive_seconds,
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"the timeout of each process (default: {TIMEOUT:g})",
    )


def smoke_choices(args: argparse.Namespace) -> SmokeChoices:
    """Return the choices of the options."""
    return SmokeChoices({**dict(args.script), **dict.fromkeys(args.skip_script, ())}, tuple(args.skip_import))
