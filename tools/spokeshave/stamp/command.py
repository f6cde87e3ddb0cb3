"""The command `spokeshave stamp`: write the version and the facts about it into a finished wheel."""

from __future__ import annotations

import argparse
from pathlib import Path

from spokeshave.errors import ExitCode
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
    add_fact_arguments(parser)


def add_fact_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the facts that a wheel is stamped with."""
    parser.add_argument("--version", required=True, help="the PEP 440 version to write, such as 3.12.0rc1")
    parser.add_argument(
        "--channel",
        choices=[channel.value for channel in Channel],
        help="the release channel, such as rc; by default the version module has None",
    )
    parser.add_argument(
        "--commit",
        metavar="SHA",
        help="the full hash of the commit that the wheel was built from; by default the version module has None",
    )
    parser.add_argument(
        "--revision",
        action="append",
        default=[],
        type=parse_revision,
        metavar="NAME=SHA",
        help="a revision that the release is pinned to, such as llvm=0123abc; can be given several times",
    )


def parse_revision(text: str) -> tuple[str, str]:
    """Parse the value of `--revision`."""
    name, _, revision = text.partition("=")
    if not name or not revision:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=SHA")
    return name, revision


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
