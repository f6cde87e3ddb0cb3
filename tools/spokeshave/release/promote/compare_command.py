"""The command `spokeshave release compare`: show that two releases differ in their version only.

Each wheel of both is brought back to no version at all. What is left must have the same sha256.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.release.promote.comparison import compare
from spokeshave.report import write_text
from spokeshave_core.release.promotion import CompareReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "old",
        type=Path,
        metavar="REC",
        help="the record, or folder of wheels, of one version, such as dist/releases/abacus/3.12.0rc20260821",
    )
    parser.add_argument(
        "new",
        type=Path,
        metavar="REC2",
        help="the record, or folder of wheels, of another version, such as dist/releases/abacus/3.12.0. The exit "
        "code is 1 if they differ in more than their version; each file that does is reported",
    )
    parser.add_argument(
        "--rewrite-text",
        action="append",
        default=[],
        metavar="GLOB",
        help="text files in which a promotion without a record replaced the old version, such as 'iree/*/version.py'. "
        "A record names them itself. Can be repeated. By default, there are none",
    )
    parser.add_argument("--report", type=Path, help="the JSON report to write; by default none is written")


def run(args: argparse.Namespace) -> int:
    """Compare two releases and print a table of their wheels."""
    report = compare(args.old, args.new, tuple(args.rewrite_text))
    sys.stdout.write(render(report))
    if args.report:
        write_text(args.report, report.to_json())
    return ExitCode.OK


def render(report: CompareReport) -> str:
    """Return the table for the user: a line for each wheel, and one for each file that differs."""
    count = counted(len(report.wheels), "wheel")
    lines = [f"{report.old_version} -> {report.new_version}: {count} with no other difference than the version"]
    for wheel in report.wheels:
        kinds = Counter(member.place for member in wheel.changed)
        counts = ", ".join(f"{count} {place}" for place, count in sorted(kinds.items())) or "nothing"
        lines.append(
            f"{wheel.new}  payload {str(wheel.payload_sha256)[:12]}  {wheel.equal} files equal, differs: {counts}"
        )
        width = max((len(member.place) for member in wheel.changed), default=0)
        lines += [f"  {member.place:{width}}  {member.name}" for member in wheel.changed]
    return "".join(f"{line}\n" for line in lines)
