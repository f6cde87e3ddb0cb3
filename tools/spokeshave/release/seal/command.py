"""The command `spokeshave release seal`: check a set of wheels, and write its record."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.option_values import named_value
from spokeshave.processes import ended_by_sigterm
from spokeshave.release.record import RELEASE_NAME, name_remedy
from spokeshave.release.seal.seal import SealError, SealRequest, seal
from spokeshave.report import write_text
from spokeshave.stamp.command import add_fact_arguments, given_facts
from spokeshave.stamp.facts import normalized
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.json_values import parse_any
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.record import ExpectedProject, ReleaseExpectation
from spokeshave_core.reports.report import InvalidReportError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release seal`."""
    parser.add_argument(
        "--wheels",
        type=Path,
        nargs="+",
        required=True,
        metavar="PATH",
        help="folders with the wheels and sdists of the release, or such files; folders below are not searched. An "
        "attestation next to its file (NAME.publish.attestation) is taken too",
    )
    parser.add_argument(
        "--reports",
        type=Path,
        nargs="+",
        default=[],
        metavar="PATH",
        help="reports of `spokeshave smoke-test` from any machine, or folders with such (*.json)",
    )
    parser.add_argument(
        "--expect",
        type=Path,
        metavar="FILE",
        help="the declared matrix: a JSON file with the wheels that each project must have, such as "
        '{"projects": {"abacus-runtime": {"wheels": ["cp312-win_amd64"], "require_smoke_on": ["win_*"]}}}; '
        "default: the files that are given are the set",
    )
    parser.add_argument("--name", required=True, help="the name of the release, such as abacus")
    parser.add_argument("--version", required=True, help="the version that all files must have, such as 3.12.0rc1")
    add_fact_arguments(parser, default="what the wheels state")
    parser.add_argument(
        "--require-smoke-on",
        nargs="+",
        default=[],
        metavar="GLOB",
        help="platforms and Pythons on which each wheel needs a passed smoke test, such as 'manylinux_*' or 3.12, "
        "besides those that --expect names; default: none",
    )
    parser.add_argument(
        "--made-by",
        type=named_value,
        action="append",
        default=[],
        metavar="NAME=VERSION",
        help="a tool to record with its version, such as toolchain=0.14.1; may be repeated; default: Spokeshave alone",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="the folder of the record, such as dist/releases/abacus/3.12.0rc1. A record of the same content is left "
        "as it is; one of other content is an error",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Seal a release and write the report."""
    request = _request(args)
    with ended_by_sigterm():
        report = seal(request)
    for note in report.notes:
        print(f"note: {note}", file=sys.stderr)
    counts = f"{counted(report.files, 'file')}, {counted(report.tests, 'smoke test')}"
    print(f"{args.output}: {counts}, manifest sha256 {report.manifest_sha256}")
    if args.report:
        write_text(args.report, report.to_json())
    return ExitCode.OK


def _request(args: argparse.Namespace) -> SealRequest:
    problems = Problems()
    expectation = None
    facts = VersionFacts(args.version)
    if not RELEASE_NAME.fullmatch(args.name):
        problems.add(f"--name {args.name}", "is not the name of a release", name_remedy(args.name))
    with problems.collecting():
        facts = normalized(given_facts(args))
    with problems.collecting():
        expectation = _expectation(args.expect) if args.expect else None
    problems.raise_if_any(SealError)
    return SealRequest(
        name=args.name,
        facts=facts,
        wheels=tuple(args.wheels),
        output=args.output,
        reports=tuple(args.reports),
        expectation=expectation,
        require_smoke_on=tuple(args.require_smoke_on),
        made_by=dict(args.made_by),
    )


def _expectation(file: Path) -> ReleaseExpectation:
    remedy = "`spokeshave release seal --help` shows the form of the file."
    try:
        text = file.read_text("utf-8")
        expectation = ReleaseExpectation.from_json(text)
    except OSError as err:
        raise SealError(Problem(str(file), f"cannot be read ({err.strerror})", "Check the path.")) from err
    except (InvalidReportError, UnicodeDecodeError) as err:
        raise SealError(Problem(str(file), f"is not a declared matrix: {err}", remedy)) from err
    problems = Problems()
    known = {field.name for field in dataclasses.fields(ExpectedProject)}
    for name, project in parse_any(text)["projects"].items():
        for key in sorted(set(project) - known):
            # A test that is required under a mistyped key would not be required.
            problems.add(str(file), f"has the unknown key {key!r} for {name}", f"Use {', '.join(sorted(known))}.")
    problems.raise_if_any(SealError)
    return expectation
