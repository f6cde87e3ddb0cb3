"""The command `spokeshave sdist write`: write an sdist without a version."""

from __future__ import annotations

import argparse
from pathlib import Path

from spokeshave.assemble.command import version_file
from spokeshave.errors import ExitCode, InvalidInputsError
from spokeshave.report import write_text
from spokeshave.sdist.archive import sdist_name, write_sdist
from spokeshave.sdist.contents import SdistInputs, sdist_contents
from spokeshave_core.problems import Problem
from spokeshave_core.reports.report import InvalidReportError
from spokeshave_core.reports.sdist import SdistDescription, SdistReport
from spokeshave_core.wheel_name import UNSTAMPED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--description", type=Path, required=True, help="a JSON file with what the sdist builds")
    parser.add_argument("--pyproject", type=Path, required=True, help="the project's pyproject.toml")
    parser.add_argument("--native", type=Path, help="a folder with C and C++ files, at their paths in the repository")
    parser.add_argument("--payload", type=Path, help="a folder with the files of the wheel's root")
    parser.add_argument("--data", type=Path, help="a folder with files to install below the environment's prefix")
    parser.add_argument("--tests", type=Path, help="a folder with the project's smoke tests")
    parser.add_argument(
        "--pin", action="append", default=[], metavar="DIST", help="pin the requirement DIST to the sdist's version"
    )
    parser.add_argument(
        "--requirement",
        action="append",
        default=[],
        metavar="REQ",
        help="add REQ, such as numpy>=1.22, if dependencies are dynamic",
    )
    parser.add_argument(
        "--version-module", metavar="PATH", help="generate this version module, such as pkg/_version.py"
    )
    parser.add_argument(
        "--version-file",
        action="append",
        default=[],
        type=version_file,
        metavar="PATH=TEMPLATE",
        help="generate the file PATH of the wheel from a template, as `spokeshave assemble` does",
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder to write the sdist to")
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Write an sdist and the report."""
    inputs = SdistInputs(
        description=_read_description(args.description),
        pyproject=args.pyproject,
        native=args.native,
        payload=args.payload,
        data=args.data,
        tests=args.tests,
        pins=tuple(args.pin),
        requirements=tuple(args.requirement),
        version_module=args.version_module,
        version_files=tuple(args.version_file),
    )
    contents = sdist_contents(inputs)
    written = write_sdist(args.output, sdist_name(contents.distribution, UNSTAMPED), contents.files)
    report = SdistReport(
        sdist=written.path.name,
        sha256=written.sha256,
        size=written.size,
        version=UNSTAMPED,
        files=tuple(sorted(contents.files)),
    )
    write_text(args.report, report.to_json())
    return ExitCode.OK


def _read_description(path: Path) -> SdistDescription:
    try:
        return SdistDescription.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, InvalidReportError) as err:
        remedy = "Give the description that the plugin of the same version wrote."
        raise InvalidInputsError(Problem(str(path), f"is not the description of an sdist ({err})", remedy)) from err
