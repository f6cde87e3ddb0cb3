"""The command `spokeshave index add`: add releases to a static package index.

The index is a folder that any web server serves. Its readers see all files of a release or none, also while the command
runs and after it was killed; then the same command completes the release.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.option_values import local_path
from spokeshave.release.file_selection import add_only_argument
from spokeshave.release.index.texts import checked_address, checked_reason
from spokeshave.release.index.upload_time import upload_time
from spokeshave.release.index.writer.addition import add_records
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.release.index import IndexChange, IndexChangeReport
from spokeshave_core.release.record import ReleaseFile

_SHOWN_SIZE = 16 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "records",
        type=Path,
        nargs="+",
        metavar="REC",
        help="the folder of a sealed record, such as dist/releases/abacus/3.12.0. Several come in together, or none. A "
        "release that the index has already is not changed; files that were lost or damaged in the index are replaced",
    )
    parser.add_argument(
        "index",
        type=local_path,
        metavar="DIR",
        help="the folder of the index, the last argument. It is made if it does not exist or is empty, and gets "
        "simple/ (for pip and uv), v1+json/ (the same as JSON), find-links.html (all files) "
        "and index.html (for people)",
    )
    parser.add_argument(
        "--added",
        metavar="TIME",
        help="the upload time that the index lists for the files, in ISO 8601, such as 2026-11-30T01:02:03Z, or in "
        "seconds since 1970; for releases that move from another index (default: the current time)",
    )
    parser.add_argument(
        "--keep",
        metavar="REASON",
        help="never remove the releases by `spokeshave index prune`, such as --keep 'demonstrated at a conference'",
    )
    parser.add_argument(
        "--url",
        metavar="URL",
        help="the address that the index is served at, such as https://packages.example/nightly/, for the commands on "
        "the pages for people. The index keeps it; give '' to forget it. Without it, a script of the page fills the "
        "address in, and readers without a script have a placeholder",
    )
    add_only_argument(parser, "add a part of the releases, which the index then lists as partial")
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Add releases to an index."""
    kept = checked_reason("--keep", args.keep)
    url = checked_address("--url", args.url)
    added = upload_time(args.added)
    changes = add_records(args.index, args.records, added, only=args.only, kept=kept, url=url, progress=show_progress)
    for change in changes:
        sys.stdout.write(f"{render(change)} in {args.index}\n")
        listed = change.listed
        if args.added is not None and listed.added != added:
            note = f"{listed.name} {listed.version} keeps {listed.added}, when it came in: --added is for new releases"
            sys.stderr.write(f"note: {note}\n")
    if args.report:
        write_text(args.report, IndexChangeReport(changes).to_json())
    return ExitCode.OK


def show_progress(number: int, file: ReleaseFile) -> None:
    """Print a file that takes a while to copy."""
    if file.size >= _SHOWN_SIZE:
        sys.stderr.write(f"[{number}] {file.name} ({human_size(file.size)})\n")
        sys.stderr.flush()


def render(change: IndexChange) -> str:
    """Return what the user reads of a release."""
    listed = change.listed
    what = "is" if change.is_changed else "was already"
    part = "" if listed.is_complete else f", a part of the release: only {', '.join(listed.only)}"
    size = f"{counted(listed.files, 'file')}, {human_size(listed.size)}{part}"
    return f"{listed.name} {listed.version} ({size}) {what}"
