"""The command `spokeshave release status`: which files of a release a destination has, by its own listing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from spokeshave.release.destination.choice import add_destination_arguments, destination_options, open_destination
from spokeshave.release.destination.destination import Destination, DestinationError
from spokeshave.release.file_selection import known_globs, selected
from spokeshave.release.publish.command import EXIT_CODES, STATE_HELP
from spokeshave.release.publish.journal import Journal, KnownDestination, journal_path, known_destinations
from spokeshave.release.publish.order import upload_order
from spokeshave.release.publish.table import print_table
from spokeshave.release.record import STATE, file_path, manifest_sha256, read_record
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.outcomes import Presence, PublishEnd
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.publish import DestinationStatus, FileStatus, StatusReport
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

# From good to bad: the worst of several destinations is that of the command.
_SEVERITY = (PublishEnd.DONE, PublishEnd.NOT_VISIBLE, PublishEnd.PARTIAL, PublishEnd.REFUSED)
_SUMMARIES = {
    PublishEnd.DONE: "complete",
    PublishEnd.NOT_VISIBLE: "complete, but not visible to installers yet",
    PublishEnd.PARTIAL: "incomplete",
    PublishEnd.REFUSED: "not this release",
}
_STYLES = {Presence.THERE.value: "green", Presence.MISSING.value: "yellow", Presence.OTHER_BYTES.value: "bold red"}
_HIDDEN = "there, not visible"


class UnknownDestinationError(SpokeshaveError):
    """A release of which no destination is known."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release status`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "Exit codes: 0 complete, 1 other bytes under one of the names, or the destination cannot be read, 3 a file is "
        "missing,\nalso where a part was meant, 4 complete but not visible to installers yet.\n\n"
        "Without --to, it asks each destination that the record was published to from this machine.\n\n"
        "Example: spokeshave release status dist/releases/abacus/1.0 --to @pypi"
    )
    parser.add_argument("record", type=Path, metavar="REC", help="the folder of the sealed release")
    add_destination_arguments(parser, is_required=False)
    parser.add_argument("--state", type=Path, metavar="DIR", help=STATE_HELP)
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="what to print (default: table); json: the report"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Print what each destination has."""
    record = read_record(args.record)
    statuses = []
    for known in _destinations(args):
        options = replace(destination_options(args), url=known.url, check_url=known.check_url)
        try:
            with open_destination(known.text, options) as destination:
                journal = Journal(journal_path(args.state or args.record / STATE, destination.text))
                statuses.append(status_of(args.record, record, destination, journal.only()))
        except SpokeshaveError as err:
            if args.to:
                raise
            statuses.append(
                DestinationStatus(destination=known.text, end=PublishEnd.REFUSED, files=(), problems=err.problems)
            )
    report = StatusReport(
        release=record.name,
        version=record.version,
        manifest_sha256=manifest_sha256(args.record),
        destinations=tuple(statuses),
    )
    if args.report:
        write_text(args.report, report.to_json())
    if args.format == "json":
        sys.stdout.write(report.to_json())
    else:
        _show(report)
    return EXIT_CODES[max((status.end for status in statuses), key=_SEVERITY.index)]


def _destinations(args: argparse.Namespace) -> list[KnownDestination]:
    """Return the destination that is given, or else those of the journals, with their URLs where none is given."""
    if args.to:
        return [KnownDestination(args.to, args.repository_url, args.check_url)]
    found = known_destinations(args.state or args.record / STATE)
    if not found:
        raise UnknownDestinationError(Problem(str(args.record), "was not published from here yet", "Give --to DEST."))
    return [
        replace(each, url=args.repository_url or each.url, check_url=args.check_url or each.check_url) for each in found
    ]


def status_of(
    folder: Path, record: ReleaseRecord, destination: Destination, only: Sequence[str] = ()
) -> DestinationStatus:
    """Return what a destination has of a release.

    Args:
        only: The globs of the parts that were published there, if the whole release never was.
    """
    text = destination.scrubbed(destination.text)
    try:
        files = tuple(_statuses(folder, upload_order(record).files(), destination))
    except DestinationError as err:
        problems = destination.scrubbed_problems(err.problems)
        return DestinationStatus(destination=text, end=PublishEnd.REFUSED, files=(), problems=problems)
    end = _end(files)
    globs = known_globs([file.name for file in files], only) if end is PublishEnd.PARTIAL else ()
    return DestinationStatus(destination=text, end=end, files=files, only=globs)


def _statuses(folder: Path, files: Sequence[ReleaseFile], destination: Destination) -> Iterator[FileStatus]:
    projects = dict.fromkeys(file.project for file in files)
    listings = {project: destination.listing(project) for project in projects}
    present = {
        file.name: destination.state_by_sha256(file_path(folder, file.name), file.sha256, listings[file.project])
        for file in files
    }
    hidden: set[str] = set()
    for project in projects:
        names = [file.name for file in files if file.project == project and present[file.name] is Presence.THERE]
        hidden |= destination.hidden(project, names) if names else set()
    for file in files:
        listed = listings[file.project].files.get(file.name)
        yield FileStatus(
            name=file.name,
            project=file.project,
            sha256=file.sha256,
            size=file.size,
            presence=present[file.name],
            is_visible=present[file.name] is Presence.THERE and file.name not in hidden,
            yanked=listed.yanked if listed else None,
        )


def _end(files: Sequence[FileStatus]) -> PublishEnd:
    found = {file.presence for file in files}
    if Presence.OTHER_BYTES in found:
        return PublishEnd.REFUSED
    if Presence.MISSING in found:
        return PublishEnd.PARTIAL
    return PublishEnd.DONE if all(file.is_visible for file in files) else PublishEnd.NOT_VISIBLE


def _show(report: StatusReport) -> None:
    for status in report.destinations:
        there = sum(file.presence is Presence.THERE for file in status.files)
        counts = f" ({there} of {len(status.files)} files)" if status.files else ""
        summary = "unknown" if status.problems else _summary(status)
        yanked = ", yanked" if any(file.yanked is not None for file in status.files) else ""
        print(f"{report.release} {report.version} on {status.destination}: {summary}{counts}{yanked}", flush=True)
        if status.files:
            rows = [(file.project, file.name, human_size(file.size), _state(file)) for file in status.files]
            print_table(("project", "file", "size", "state"), rows, {**_STYLES, _HIDDEN: "yellow"})
        for problem in status.problems:
            print(problem, file=sys.stderr)


def _summary(status: DestinationStatus) -> str:
    if not status.only:
        return _SUMMARIES[status.end]
    names = selected([file.name for file in status.files], status.only)
    is_there = all(file.presence is Presence.THERE for file in status.files if file.name in names)
    return f"{'partial' if is_there else 'incomplete part'}: only {' '.join(status.only)}"


def _state(file: FileStatus) -> str:
    is_hidden = file.presence is Presence.THERE and not file.is_visible
    state = _HIDDEN if is_hidden else file.presence.value
    if file.yanked is None:
        return state
    reason = " ".join(file.yanked.split())
    return f"{state}, yanked: {reason}" if reason else f"{state}, yanked"
