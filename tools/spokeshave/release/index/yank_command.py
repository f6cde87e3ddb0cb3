"""The command `spokeshave index yank`: advise installers against a release.

An installer takes a yanked release only if it is asked for by `==` (PEP 592), and then prints the reason. All files of
the release stay where they are, so that nothing that pins them breaks.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.release.index.one_set import add_set_arguments, change_set
from spokeshave.release.index.texts import checked_reason
from spokeshave.report import write_text
from spokeshave_core.release.index import IndexChangeReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_set_arguments(parser)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument(
        "--reason",
        metavar="TEXT",
        help="what installers print, such as --reason 'wrong results on Windows, use 3.12.1'. Another reason replaces "
        "the first one; '' gives none",
    )
    choice.add_argument("--undo", action="store_true", help="let installers take the release again")
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Yank a release, or undo that."""
    yanked = checked_reason("--reason", args.reason)
    change = change_set(args.index, args.name, args.version, lambda listed: replace(listed, yanked=yanked))
    state = "not yanked" if yanked is None else f"yanked: {yanked}" if yanked else "yanked"
    what = "is" if change.is_changed else "was already"
    sys.stdout.write(f"{change.listed.name} {change.listed.version} {what} {state}\n")
    if args.report:
        write_text(args.report, IndexChangeReport((change,)).to_json())
    return ExitCode.OK
