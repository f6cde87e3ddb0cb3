"""The command `spokeshave release promote`: make a final release from a tested release candidate.

All wheels get the new version at every place that the stamp knows. Nothing else in them changes, which
`payload_sha256` proves, so that the smoke tests of the candidate count. Then every file of every wheel is searched for
the old version. The result depends on the record and the version only: any machine gives the same bytes on any day.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.release.destination.choice import add_destination_arguments, destination_options, open_destination
from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.report import write_text
from spokeshave_core.release.promotion import PromoteReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "record",
        type=Path,
        metavar="REC",
        help="the folder of a sealed record, such as dist/releases/abacus/3.12.0rc20260821. Or a folder of wheels "
        "that has no record, such as of another project; it needs --untested",
    )
    parser.add_argument(
        "--version",
        required=True,
        help="the new version, such as 3.12.0 for 3.12.0rc20260821. A later pre-release of the same version is "
        "possible too, such as rc2 after rc1",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="REC2",
        help="the folder to write the new record to, such as dist/releases/abacus/3.12.0. An existing record is kept "
        "if it is the same, and is an error otherwise",
    )
    parser.add_argument(
        "--name", help="the release's name if REC is not a record and has wheels of several projects, such as abacus"
    )
    parser.add_argument(
        "--rewrite-text",
        action="append",
        default=[],
        metavar="GLOB",
        help="replace the old version in the text files of this path in the wheels, such as 'iree/*/version.py' or "
        "'*.dist-info/METADATA' (for descriptions and pins). * matches slashes too. Smoke tests of a wheel with "
        "rewritten texts do not count. Can be repeated. By default, no text is rewritten",
    )
    parser.add_argument(
        "--keep-text",
        action="append",
        default=[],
        metavar="GLOB",
        help="text files that may go on naming pre-releases, such as 'abacus/CHANGELOG.md', or '*.dist-info/METADATA' "
        "if the description has the history. The new record states it. Can be repeated. By default, no file may",
    )
    parser.add_argument(
        "--untested",
        action="store_true",
        help="promote wheels without a passed smoke test. The new record states it. By default, they are refused",
    )
    parser.add_argument(
        "--anyway",
        action="store_true",
        help="allow a version that is not the final one of REC's pre-release, such as 3.13.0 for 3.12.0rc20260821",
    )
    add_destination_arguments(
        parser,
        is_required=False,
        purpose="a destination at which the new version must not exist with other bytes; by default, none is asked",
    )
    parser.add_argument("--report", type=Path, help="the JSON report to write; by default none is written")


def run(args: argparse.Namespace) -> int:
    """Promote a release and report its wheels."""
    with contextlib.ExitStack() as stack:
        destination = None
        if args.to:
            destination = stack.enter_context(open_destination(args.to, destination_options(args)))
        request = PromotionRequest(
            source=args.record,
            version=args.version,
            output=args.output,
            name=args.name,
            rewrite=tuple(args.rewrite_text),
            keep=tuple(args.keep_text),
            untested=args.untested,
            anyway=args.anyway,
            to=destination,
        )
        report = promote(request)
    sys.stdout.write(render(report, args.output))
    if args.report:
        write_text(args.report, report.to_json())
    return ExitCode.OK


def render(report: PromoteReport, output: Path) -> str:
    """Return the text for the user."""
    count = counted(len(report.wheels), "wheel")
    lines = [f"{report.promoted_from} -> {report.version}: {count}, written to {output}"]
    for wheel in report.wheels:
        tests = f"{counted(wheel.tests, 'passed test')} of its payload" if wheel.tests else "UNTESTED"
        rewritten = f", rewritten: {', '.join(wheel.rewritten)}" if wheel.rewritten else ""
        kept = f", still naming pre-releases: {', '.join(wheel.kept)}" if wheel.kept else ""
        lines.append(f"  {wheel.name}  {len(wheel.changed)} files stamped, {tests}{rewritten}{kept}")
        lines += [f"    not searched for {report.promoted_from}: {file}" for file in wheel.unsearched]
    lines += [f"  {name}" for name in report.sdists]
    if report.untested:
        lines.append(
            "UNTESTED: wheels without a passed smoke test were promoted, as --untested says. The record says so."
        )
    lines.append(f"release.json: sha256 {report.manifest_sha256}")
    return "".join(f"{line}\n" for line in lines)
