"""The command `spokeshave sdist compare`: check that the wheel of an sdist is that of the source tree."""

from __future__ import annotations

import argparse
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.report import write_text
from spokeshave.sdist.comparison import compare_wheels, raise_if_different
from spokeshave_core.reports.sdist import SdistCheckReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--tree", type=Path, required=True, help="the wheel that was built from the source tree")
    parser.add_argument("--sdist", type=Path, required=True, help="the wheel that was built from the sdist")
    parser.add_argument(
        "--other-compiler",
        action="store_true",
        help="another compiler built the sdist, such as gcc: names of C++ are not compared, as they contain those of"
        " its C++ library",
    )
    parser.add_argument(
        "--by-backend", action="store_true", help="the project's own build backend decides what is in the sdist"
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="files that are not compared, by their path in a wheel, as the target leaves them out. Default: none",
    )
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Compare two wheels and write the report. An error has a table of the differences.

    Raises:
        SdistDiffersError: If the wheels differ.
    """
    comparison = compare_wheels(args.tree, args.sdist, other_compiler=args.other_compiler, exclude=args.exclude)
    raise_if_different(args.sdist.name, comparison.differences, by_backend=args.by_backend)
    report = SdistCheckReport(wheel=args.sdist.name, files=comparison.files, exports=comparison.exports)
    write_text(args.report, report.to_json())
    return ExitCode.OK
