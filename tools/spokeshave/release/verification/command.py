"""The command `spokeshave index verify`: compare everything in an index with the records of its releases."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.release.columns import in_columns
from spokeshave.release.verification.verification import verify_index
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.release.verification import IndexVerifyReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave index verify`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "It reads only, and may run while another command changes the index. The exit code is 1 if anything is wrong. "
        "What a killed\ncommand has left is a note: the next change of the index removes it.\n\n"
        "Example: spokeshave index verify site --report verify.json"
    )
    parser.add_argument("index", type=Path, metavar="DIR", help="the folder of the index")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="compare only the sizes of wheels and sdists, and not their sha256. Pages, records and metadata are "
        "compared as always",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Verify an index and print what is wrong."""
    report = verify_index(args.index, is_quick=args.quick)
    for note in report.notes:
        sys.stderr.write(f"{note}\n")
    sys.stderr.flush()
    sys.stdout.write(render(report))
    if args.report:
        write_text(args.report, report.to_json())
    return ExitCode.USER_ERROR if report.findings else ExitCode.OK


def render(report: IndexVerifyReport) -> str:
    """Return the text for the user: a table of the findings, each with its remedy, and the sum."""
    rows = [("problem", "path", "what is wrong")]
    rows += [(finding.fault.value, finding.path, finding.message) for finding in report.findings]
    lines = []
    if report.findings:
        heading, *table = in_columns(rows)
        lines.append(heading)
        for line, finding in zip(table, report.findings):
            lines += [line, f"    {finding.remedy}"]
    what = f"{counted(report.sets, 'set')}, {counted(report.files, 'file')}, {human_size(report.size)}"
    how = ", compared by size" if report.is_quick else ""
    result = counted(len(report.findings), "problem") if report.findings else "no problems"
    lines.append(f"{report.generation or report.index}: {what}{how}: {result}")
    return "".join(f"{line}\n" for line in lines)
