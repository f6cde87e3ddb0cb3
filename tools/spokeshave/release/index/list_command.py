"""The command `spokeshave index list`: print the releases of an index."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.release.columns import in_columns
from spokeshave.release.index.folder import CURRENT, InvalidIndexError, ReleaseIndex
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.problems import Problem
from spokeshave_core.release.index import IndexedSet, IndexListReport

_HEADINGS = ("name", "version", "channel", "added", "files", "size", "state")
_RIGHT = (4, 5)
_HASH_SHOWN = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = (
        "A release is fetched from the folder or the URL of the index by `spokeshave release fetch NAME==VERSION "
        "--from index:DIR --output RECORD`, and the newest complete one of a channel by `spokeshave release fetch NAME "
        "--channel nightly --from index:DIR --output RECORD`."
    )
    parser.add_argument("index", type=Path, metavar="DIR", help="the folder of the index")
    parser.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="what to print (default: table, the oldest release first); json: the report",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Print the releases of an index."""
    if not (args.index / CURRENT).is_symlink():
        message = "is not a release index" if args.index.exists() else "does not exist"
        raise InvalidIndexError(Problem(str(args.index), message, "Give the folder of `spokeshave index add`."))
    report = IndexListReport(tuple(ReleaseIndex(args.index).sets()))
    sys.stdout.write(report.to_json() if args.format == "json" else render(report.sets))
    if args.report:
        write_text(args.report, report.to_json())
    return ExitCode.OK


def render(sets: Sequence[IndexedSet]) -> str:
    """Return a table of sets."""
    rows = [
        (
            listed.name,
            listed.version,
            listed.channel or "",
            listed.added[:16].replace("T", " "),
            str(listed.files),
            human_size(listed.size),
            ", ".join(_states(listed)),
        )
        for listed in sets
    ]
    return "".join(f"{line}\n" for line in in_columns([_HEADINGS, *rows], _RIGHT))


def _states(listed: IndexedSet) -> Iterator[str]:
    if not listed.is_complete:
        yield f"partial: only {' '.join(listed.only)}"
    if listed.yanked is not None:
        yield f"yanked: {listed.yanked}" if listed.yanked else "yanked"
    if listed.kept is not None:
        yield f"kept: {listed.kept}" if listed.kept else "kept"
    if listed.promoted_from is not None:
        yield f"promoted from {listed.promoted_from[:_HASH_SHOWN]}"
