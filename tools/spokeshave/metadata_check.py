"""``spokeshave metadata``: check a wheel's pyproject.toml alone, before anything is compiled for it."""

from __future__ import annotations

import argparse
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.metadata import read_metadata
from spokeshave.report import write_report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--pyproject", type=Path, required=True, help="the wheel's pyproject.toml")
    parser.add_argument("--pin", action="append", default=[], metavar="DIST", help="pin DIST to this wheel's version")
    parser.add_argument(
        "--requirement", action="append", default=[], metavar="REQ", help="add REQ to dynamic dependencies: numpy>=1.22"
    )
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Check the metadata and write what it says of the wheel; raises `SpokeshaveError` with every mistake."""
    metadata = read_metadata(args.pyproject, args.pin, args.requirement)
    facts = {
        "name": metadata.name,
        "static_version": metadata.static_version,
        "requires_python": metadata.requires_python,
    }
    write_report(args.report, facts)
    return ExitCode.OK
