"""The command `spokeshave sdist intake`: make the sdist of a build backend ready to be published."""

from __future__ import annotations

import argparse
from pathlib import Path

from packaging.version import Version

from spokeshave.errors import ExitCode, InvalidInputsError
from spokeshave.report import write_text
from spokeshave.sdist.archive import PKG_INFO, read_sdist_of_backend, write_sdist
from spokeshave.stamp.source import metadata_version
from spokeshave_core.problems import Problem
from spokeshave_core.reports.sdist import SdistReport
from spokeshave_core.wheel_name import SDIST_SUFFIX


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--sdist", type=Path, required=True, help="the sdist as the backend wrote it")
    parser.add_argument("--version", required=True, help="the version that it must have")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write the sdist to")
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Write the sdist with the same files, in a normal order and without times and owners, and write the report.

    Raises:
        InvalidInputsError: If it is not an sdist with that version.
    """
    files = read_sdist_of_backend(args.sdist)
    if PKG_INFO not in files:
        remedy = "Use a build backend that follows PEP 517, or remove `sdist`."
        raise InvalidInputsError(Problem(args.sdist.name, f"has no {PKG_INFO}", remedy))
    version = metadata_version(files[PKG_INFO].content, f"{args.sdist.name}: {PKG_INFO}")
    if Version(version) != Version(args.version):
        remedy = "Make the project take its version from pyproject.toml or setuptools_scm, or set version='own'."
        raise InvalidInputsError(Problem(args.sdist.name, f"has version {version} and not {args.version}", remedy))
    written = write_sdist(args.output, args.sdist.name[: -len(SDIST_SUFFIX)], files)
    report = SdistReport(
        sdist=written.path.name,
        sha256=written.sha256,
        size=written.size,
        version=version,
        files=tuple(sorted(files)),
    )
    write_text(args.report, report.to_json())
    return ExitCode.OK
