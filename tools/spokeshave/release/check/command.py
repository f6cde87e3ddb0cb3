"""The command `spokeshave release check`: what an index would refuse, before anything is sent."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.release.check.check import PartProblems, check_release
from spokeshave.release.check.release_files import read_paths
from spokeshave.release.check.siblings import sibling_problems
from spokeshave.release.columns import in_columns
from spokeshave.release.destination.choice import add_destination_arguments, destination_options, open_destination
from spokeshave.release.destination.destination import Destination, DestinationError
from spokeshave.release.file_selection import add_only_argument, selected
from spokeshave.release.record import MANIFEST, read_record
from spokeshave.report import write_text
from spokeshave_core.problems import Problem
from spokeshave_core.release.check import CheckReport, ProjectSpace

_NAME_IT = (
    "Name it, such as --to @pypi, or omit --only, --file-limit, --project-limit, --repository-url and --check-url."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release check`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "Indexes are only read. That a file name was used by a file that was deleted since cannot be seen before the "
        "upload.\n\n"
        "Example: spokeshave release check dist/releases/abacus/3.12.0 --to @testpypi --to @pypi"
    )
    parser.add_argument(
        "paths",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="a record, or wheels, sdists and folders of them, also of other tools",
    )
    add_destination_arguments(parser, is_required=False, several=True)
    add_only_argument(parser, "check this part for the destination, as `release publish --only` sends it")
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Check a release and print every problem."""
    options = (args.only, args.file_limit, args.project_limit, args.repository_url, args.check_url)
    if not args.to and any(options):
        raise DestinationError(Problem("--to", "is missing, and the options of a destination need it", _NAME_IT))
    release = read_paths(args.paths)
    names = selected([file.name for file in release.files], args.only)
    with _open(args) as destinations:
        report = check_release(release, destinations, names=names, part_problems=_part_problems(args, names))
    if args.report:
        write_text(args.report, report.to_json())
    if report.files:
        print("\n".join(_table(report)), flush=True)
    sys.stderr.writelines(f"note: {note}\n" for note in report.notes)
    if not report.problems:
        return ExitCode.OK
    sys.stderr.write(f"spokeshave release check: {counted(len(report.problems), 'problem')}\n")
    sys.stderr.writelines(f"{_line(problem)}\n" for problem in report.problems)
    return ExitCode.USER_ERROR


def _part_problems(args: argparse.Namespace, names: Collection[str]) -> PartProblems | None:
    """Return how a part of a record is checked, as `release publish --only` does. None if all files are."""
    folder = args.paths[0]
    if not args.only or not (folder / MANIFEST).is_file():
        return None
    record = read_record(folder)
    return lambda destination: sibling_problems(folder, record, args.only, names, destination)


@contextlib.contextmanager
def _open(args: argparse.Namespace) -> Iterator[list[Destination]]:
    options = destination_options(args)
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(open_destination(text, options)) for text in args.to or ()]


def _line(problem: Problem) -> str:
    """Return a problem on one line, so that ten are ten lines."""
    place = f"{problem.place}: " if problem.place else ""
    remedy = f". {problem.remedy}" if problem.remedy else ""
    return " ".join(f"{place}{problem.message}{remedy}".split())


def _table(report: CheckReport) -> list[str]:
    """Return what was checked: each file with its outcome for each destination, and the space of each project."""
    destinations = [destination.destination for destination in report.destinations]
    rows = [["file", "size", "file and set", *destinations]]
    for file in report.files:
        there = [each.files[file.name].value if file.name in each.files else "?" for each in report.destinations]
        rows.append([file.name, f"{file.size:,}", file.outcome.value, *there])
    lines = in_columns(rows)
    for destination in report.destinations:
        spaces = [_space(project) for project in destination.projects]
        lines += ["", *in_columns([[f"project on {destination.destination}", "used", "new", "limit"], *spaces])]
    return lines


def _space(project: ProjectSpace) -> list[str]:
    used = "not listed" if project.used is None else f"{project.used:,}"
    limit = "not known" if project.limit is None else f"{project.limit:,}"
    return [project.project, used, f"{project.new:,}", limit]
