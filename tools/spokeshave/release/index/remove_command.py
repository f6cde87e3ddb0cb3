"""The command `spokeshave index remove`: remove one release from an index.

What pins it can then not be installed, so a wrong release is better yanked. Afterwards, another record of the same
version may come in.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.index.one_set import add_set_arguments, removable_set, remove_set
from spokeshave.release.index.writer.change import KEPT_GENERATIONS
from spokeshave.release.index.writer.ownership import check_folder
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.release.index import IndexChange, IndexChangeReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "Example: spokeshave index remove abacus 3.12.0rc20261120 site"
    add_set_arguments(parser)
    parser.add_argument(
        "--anyway",
        action="store_true",
        help="remove it also if it is kept, or if another release was promoted from it",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be removed, and remove nothing")
    parser.add_argument(
        "--purge",
        action="store_true",
        help="delete its files at once. By default, the next change of the index deletes them, so that an installer "
        "that has read a page finds what it lists",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Remove a release."""
    if args.dry_run:
        check_folder(args.index, is_new=False)
        sets = tuple(ReleaseIndex(args.index).sets())
        listed = removable_set(sets, args.name, args.version, args.index, is_forced=args.anyway)
    else:
        kept = 1 if args.purge else KEPT_GENERATIONS
        removed = remove_set(args.index, args.name, args.version, is_forced=args.anyway, generations=kept)
        if removed is None:
            return _already_removed(args)
        listed = removed
    what = "would be" if args.dry_run else "is"
    size = f"{counted(listed.files, 'file')}, {human_size(listed.size)}"
    sys.stdout.write(f"{listed.name} {listed.version} ({size}) {what} removed from {args.index}\n")
    if not (args.dry_run or args.purge):
        sys.stdout.write("The files are deleted with the next change of the index; --purge deletes them now.\n")
    if args.report:
        write_text(args.report, IndexChangeReport((IndexChange(listed, is_changed=not args.dry_run),)).to_json())
    return ExitCode.OK


def _already_removed(args: argparse.Namespace) -> int:
    """Print what became of the files of a release that the index did not list any more."""
    is_there = ReleaseIndex(args.index).record_path(args.name, args.version).is_dir()
    files = "the next change of the index deletes them; --purge deletes them now" if is_there else "deleted"
    sys.stdout.write(f"{args.name} {args.version} was removed from {args.index} before; its files: {files}\n")
    if args.report:
        write_text(args.report, IndexChangeReport(()).to_json())
    return ExitCode.OK
