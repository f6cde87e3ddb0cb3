"""The command `spokeshave stamp`: write the version and the facts about it into a finished wheel."""

from __future__ import annotations

import argparse
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.option_values import named_value
from spokeshave.report import write_text
from spokeshave.stamp.stamping import stamp
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.channel import Channel
from spokeshave_core.reports.stamp import StampReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--wheel", type=Path, required=True, help="the repaired or already stamped wheel")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write the wheel to")
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")
    parser.add_argument("--version", required=True, help="the PEP 440 version to write, such as 3.12.0rc1")
    add_fact_arguments(parser, default="none")


def add_fact_arguments(parser: argparse.ArgumentParser, *, default: str) -> None:
    """Add the arguments of the facts about a version.

    Args:
        default: What the facts are if they are not given, for the help.
    """
    parser.add_argument(
        "--channel",
        choices=[channel.value for channel in Channel],
        help=f"the release channel, such as rc; default: {default}",
    )
    parser.add_argument(
        "--commit",
        metavar="SHA",
        help=f"the full hash of the commit that was built; default: {default}",
    )
    parser.add_argument(
        "--revision",
        action="append",
        default=[],
        type=named_value,
        metavar="NAME=SHA",
        help=f"a revision that the release is pinned to, such as llvm=0123abc; may be repeated; default: {default}",
    )


def given_facts(args: argparse.Namespace) -> VersionFacts:
    """Return the facts of the arguments."""
    return VersionFacts(version=args.version, channel=args.channel, commit=args.commit, revisions=tuple(args.revision))


def run(args: argparse.Namespace) -> int:
    """Stamp one wheel and write the report."""
    stamped = stamp(args.wheel, given_facts(args), args.output)
    report = StampReport(
        wheel=stamped.wheel.path.name,
        sha256=stamped.wheel.sha256,
        size=stamped.wheel.size,
        version=stamped.version,
        changed=stamped.changed,
        copied=stamped.copied,
    )
    write_text(args.report, report.to_json())
    return ExitCode.OK
