"""The command `spokeshave sdist stamp`: write the version and the facts about it into an sdist."""

from __future__ import annotations

import argparse
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.report import write_text
from spokeshave.sdist.stamping import stamp_sdist
from spokeshave.stamp.command import add_fact_arguments, given_facts
from spokeshave_core.reports.sdist import SdistReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--sdist", type=Path, required=True, help="an sdist of `sdist write`, stamped or not")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write the sdist to")
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")
    parser.add_argument("--version", required=True, help="the PEP 440 version to write, such as 3.12.0rc1")
    add_fact_arguments(parser, default="none")


def run(args: argparse.Namespace) -> int:
    """Stamp an sdist and write the report."""
    stamped = stamp_sdist(args.sdist, given_facts(args), args.output)
    report = SdistReport(
        sdist=stamped.sdist.path.name,
        sha256=stamped.sdist.sha256,
        size=stamped.sdist.size,
        version=stamped.version,
        files=stamped.files,
    )
    write_text(args.report, report.to_json())
    return ExitCode.OK
