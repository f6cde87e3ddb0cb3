"""The command `spokeshave index rebuild`: make all pages of an index again from the records of its releases."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.release.index.folder import METADATA, URL, InvalidIndexError, ReleaseIndex
from spokeshave.release.index.texts import checked_address
from spokeshave.release.index.writer.change import rebuild_index
from spokeshave.release.record import MANIFEST
from spokeshave.release.verification.findings import Findings
from spokeshave.release.verification.sets import verify_set
from spokeshave.release.verification.stored_files import compare_files, expected_files
from spokeshave.report import write_text
from spokeshave_core.problems import Problems
from spokeshave_core.release.index import IndexedSet, IndexListReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave index rebuild`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "For pages that are damaged (`spokeshave index verify` finds them), and for those of an older version of "
        "Spokeshave, which\nthe next change makes again anyway. Readers see the old pages until all new ones are "
        "there. Releases, wheels and times\nstay as they are.\n\n"
        "Example: spokeshave index rebuild site"
    )
    parser.add_argument("index", type=Path, metavar="DIR", help="the folder of the index")
    parser.add_argument(
        "--url",
        metavar="URL",
        help="the address that the index is served at, as in `spokeshave index add` (default: it stays the same); give "
        "'' to forget it",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Make the pages of an index again."""
    url = checked_address("--url", args.url)
    index = ReleaseIndex(args.index)

    def check(sets: Sequence[IndexedSet]) -> None:
        if url is None:
            checked_address(f"{index.generation / URL} (or --url)", index.url)
        check_records(index, sets)

    sets = rebuild_index(args.index, check, url)
    sys.stdout.write(f"{args.index}: all pages of {counted(len(sets), 'release')} are made again\n")
    if args.report:
        write_text(args.report, IndexListReport(sets).to_json())
    return ExitCode.OK


def check_records(index: ReleaseIndex, sets: Sequence[IndexedSet]) -> None:
    """Check what pages are made of: the records that the list names, and the metadata of their wheels.

    Raises:
        InvalidIndexError: For everything that is damaged or missing.
    """
    findings = Findings(index.folder)
    verified = [found for listed in sets for found in [verify_set(index, listed, findings)] if found]
    files = expected_files(index, verified, findings)
    metadata = {path: file for path, file in files.items() if path.name.endswith(METADATA)}
    compare_files(metadata, findings, is_quick=False)
    problems = Problems()
    for finding in findings.all():
        if finding.path.endswith(f"/{MANIFEST}") or index.folder / finding.path in metadata:
            problems.add(str(index.folder / finding.path), finding.message, finding.remedy)
    problems.raise_if_any(InvalidIndexError)
