"""The command `spokeshave index keep`: exempt a release from `spokeshave index prune`."""

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
        help="why it is kept, such as --reason 'the last one with CUDA 11'. Another reason replaces the first one",
    )
    choice.add_argument("--undo", action="store_true", help="let `spokeshave index prune` remove the release again")
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Keep a release, or undo that."""
    kept = checked_reason("--reason", args.reason)
    change = change_set(args.index, args.name, args.version, lambda listed: replace(listed, kept=kept))
    state = "not kept" if kept is None else f"kept: {kept}" if kept else "kept"
    what = "is" if change.is_changed else "was already"
    sys.stdout.write(f"{change.listed.name} {change.listed.version} {what} {state}\n")
    if args.report:
        write_text(args.report, IndexChangeReport((change,)).to_json())
    return ExitCode.OK
