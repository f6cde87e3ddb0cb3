"""The command `spokeshave metadata`: validate a wheel's pyproject.toml before anything is compiled for it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from spokeshave.assemble.entry_points import add_entry_point_option
from spokeshave.assemble.metadata import read_metadata, read_toml
from spokeshave.errors import ExitCode, InvalidMetadataError
from spokeshave.report import write_text
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.reports.assemble import MetadataReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--pyproject", type=Path, required=True, help="the wheel's pyproject.toml")
    parser.add_argument(
        "--pin", action="append", default=[], metavar="DIST", help="pin the requirement DIST to this wheel's version"
    )
    parser.add_argument(
        "--script", action="append", default=[], metavar="NAME", help="a console script that the wheel must have"
    )
    parser.add_argument(
        "--requirement",
        action="append",
        default=[],
        metavar="REQ",
        help="add REQ, such as numpy>=1.22, if dependencies are dynamic",
    )
    add_entry_point_option(parser)
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Validate the metadata and write the facts about the wheel.

    Raises:
        SpokeshaveError: For all mistakes.
    """
    problems = Problems()
    with problems.collecting():
        metadata = read_metadata(args.pyproject, args.pin, args.requirement, entry_points=args.entry_point)
    with problems.collecting():
        check_scripts(args.pyproject, args.script)
    problems.raise_if_any(InvalidMetadataError)
    report = MetadataReport(
        name=metadata.name, static_version=metadata.static_version, requires_python=metadata.requires_python
    )
    write_text(args.report, report.to_json())
    return ExitCode.OK


def check_scripts(pyproject: Path, names: Sequence[str]) -> None:
    """Check that names are console scripts of the project.

    Raises:
        InvalidMetadataError: For all names that are not.
    """
    known = sorted(script_names(pyproject)) if names else []
    remedy = f"Correct `smoke_scripts`. The console scripts ([project.scripts]) are: {', '.join(known) or 'none'}."
    unknown = [name for name in names if name not in known]
    place = f"{pyproject}: project.scripts"
    problems = [Problem(place, f"has no {name!r}, which `smoke_scripts` names", remedy) for name in unknown]
    if problems:
        raise InvalidMetadataError(*problems)


def script_names(pyproject: Path) -> list[str]:
    """Return the names under [project.scripts]. Empty if there is no such table."""
    project = read_toml(pyproject).get("project")
    scripts = project.get("scripts") if isinstance(project, dict) else None
    return list(scripts) if isinstance(scripts, dict) else []
