"""The command `spokeshave index add`: add releases to a static package index.

The index is a folder that any web server serves. Its readers see all files of a release or none, also while the command
runs and after it was killed; then the same command completes the release.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.release.index.texts import checked_reason
from spokeshave.release.index.writer.addition import add_records
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.index import IndexChange, IndexChangeReport

_CLOCK = "SOURCE_DATE_EPOCH"
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class InvalidTimeError(SpokeshaveError):
    """A text that is not a time."""


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
        type=Path,
        metavar="DIR",
        help="the folder of the index, the last argument. It is made if it does not exist or is empty, and gets "
        "simple/ (for pip and uv), v1+json/ (the same as JSON), find-links.html (all files) "
        "and index.html (for people)",
    )
    parser.add_argument(
        "--added",
        metavar="TIME",
        help="the upload time that the index lists for the files, in ISO 8601, such as 2026-11-30T01:02:03Z, or in "
        f"seconds since 1970; for releases that move from another index. Default: ${_CLOCK}, or else the current time",
    )
    parser.add_argument(
        "--keep",
        metavar="REASON",
        help="never remove the releases by `spokeshave index prune`, such as --keep 'demonstrated at a conference'",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Add releases to an index."""
    kept = checked_reason("--keep", args.keep)
    changes = add_records(args.index, args.records, upload_time(args.added), kept=kept)
    for change in changes:
        sys.stdout.write(f"{render(change)} in {args.index}\n")
    if args.report:
        write_text(args.report, IndexChangeReport(changes).to_json())
    return ExitCode.OK


def upload_time(text: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return a time in the form of PEP 700, in UTC.

    Args:
        text: In ISO 8601, or in seconds since 1970. None for the current time.

    Raises:
        InvalidTimeError: If it is neither.
    """
    place, given = ("--added", text) if text is not None else (f"${_CLOCK}", environment.get(_CLOCK))
    if not given:
        return datetime.datetime.now(datetime.timezone.utc).strftime(_FORMAT)
    try:
        if given.isdecimal():
            time = datetime.datetime.fromtimestamp(int(given), datetime.timezone.utc)
        else:
            # Python 3.9 reads no Z.
            time = datetime.datetime.fromisoformat(given.replace("Z", "+00:00").replace("z", "+00:00"))
        # A time without an offset is one of UTC.
        time = time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)
        return time.astimezone(datetime.timezone.utc).strftime(_FORMAT)
    except (ValueError, OverflowError, OSError) as err:
        remedy = "Give one such as 2026-11-30T01:02:03Z."
        raise InvalidTimeError(Problem(place, f"{given!r} is not a time", remedy)) from err


def render(change: IndexChange) -> str:
    """Return what the user reads of a release."""
    listed = change.listed
    what = "is" if change.is_changed else "was already"
    part = "" if listed.is_complete else f", a part of the release: only {', '.join(listed.only)}"
    size = f"{counted(listed.files, 'file')}, {human_size(listed.size)}{part}"
    return f"{listed.name} {listed.version} ({size}) {what}"
