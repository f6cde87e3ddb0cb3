"""The command `spokeshave release publish`: a whole release on its destination, or a list of what is missing.

The release is checked first. What the index already has is not sent again, so that the same command continues after
any end, on any machine that has the record.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import sys
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from spokeshave.errors import ExitCode
from spokeshave.failures import show_stack, user_error
from spokeshave.option_values import count, seconds
from spokeshave.release.check.check import files_of
from spokeshave.release.columns import in_columns
from spokeshave.release.destination.choice import (
    DestinationOptions,
    add_destination_arguments,
    destination_options,
    open_destination,
)
from spokeshave.release.destination.destination import Destination, DestinationError
from spokeshave.release.file_selection import add_only_argument
from spokeshave.release.publish.journal import Journal, KnownDestination, journal_path
from spokeshave.release.publish.order import UploadOrder, upload_order
from spokeshave.release.publish.part import ReleasePart, notes_of, part_of
from spokeshave.release.publish.progress import Progress, say
from spokeshave.release.publish.publication import FileProgress, Patience, Publication, new_publication
from spokeshave.release.publish.publisher import Interruption, Publisher
from spokeshave.release.publish.refusals import refusals
from spokeshave.release.publish.table import print_table
from spokeshave.release.record import STATE, manifest_sha256, read_record
from spokeshave.release.writer import copy_record
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.outcomes import PublishEnd, PublishOutcome
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.publish import PublishedFile, PublishReport
from spokeshave_core.release.record import ReleaseRecord

EXIT_CODES = {
    PublishEnd.DONE: ExitCode.OK,
    PublishEnd.PLANNED: ExitCode.OK,
    PublishEnd.REFUSED: ExitCode.USER_ERROR,
    PublishEnd.PARTIAL: ExitCode.PARTIAL,
    PublishEnd.NOT_VISIBLE: ExitCode.NOT_VISIBLE,
}
STATE_HELP = (
    f"the folder of the journals (default: {STATE}/ in the record). A journal may be lost: what the destination has "
    "decides what is sent"
)
_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")
_STYLES = {
    **dict.fromkeys((PublishOutcome.PUBLISHED.value, PublishOutcome.ALREADY_THERE.value), "green"),
    PublishOutcome.REFUSED.value: "bold red",
}


@dataclass(frozen=True)
class Run:
    """A run of the command: what is published, and where to."""

    args: argparse.Namespace
    part: ReleasePart
    order: UploadOrder
    destination: Destination
    journal: Journal

    @property
    def record(self) -> ReleaseRecord:
        """Return the whole release."""
        return self.part.record

    def publication(self) -> Publication:
        """Return the state before the first step."""
        sending = self.journal.sending()
        sent = self.journal.sent(self.order.files())
        return new_publication(self.order, self.patience(), sending, sent, is_atomic=self.destination.is_atomic)

    def patience(self) -> Patience:
        """Return how long the command waits."""
        return Patience(wait=self.args.wait, attempts=self.args.attempts, pause=self.args.pause)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release publish`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "Exit codes: 0 published, 1 refused, and nothing of the release was sent by this run or an earlier one, "
        "3 partly published\n(the same command continues), 4 published but not visible to installers yet. A part that "
        "is meant, by --partial, is 0 too.\n\n"
        "Example: spokeshave release publish dist/releases/abacus/1.0 --to @testpypi --report publish.json\n"
        "Example: spokeshave release publish dist/releases/abacus/1.0 --to @pypi --only 'manylinux_*' --partial"
    )
    parser.add_argument("record", type=Path, metavar="REC", help="the folder of the sealed release")
    add_destination_arguments(parser)
    add_only_argument(parser, "publish a part of the release, which needs --partial")
    parser.add_argument(
        "--partial",
        action="store_true",
        help="say that a part is meant, with --only: the release is recorded as partial, until a run without --only "
        "completes it",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be sent, in its order, and send nothing"
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="copy the record to this folder first, and publish that copy, so that a later run continues from there; "
        "default: the record is published where it is",
    )
    parser.add_argument("--state", type=Path, metavar="DIR", help=STATE_HELP)
    parser.add_argument(
        "--wait",
        type=seconds,
        default=Patience.wait,
        metavar="SECONDS",
        help="how long to wait for files that are sent to become visible, and the longest pause that an index may ask "
        f"for (default: {Patience.wait:.0f})",
    )
    parser.add_argument(
        "--attempts",
        type=count,
        default=Patience.attempts,
        metavar="N",
        help=f"how often one file is sent before the command gives up (default: {Patience.attempts})",
    )
    parser.add_argument(
        "--pause",
        type=seconds,
        default=Patience.pause,
        metavar="SECONDS",
        help="the pause before a second attempt; each further one is twice as long, up to a minute "
        f"(default: {Patience.pause:.0f})",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Publish a release. The report has the outcome of each file."""
    part = part_of(read_record(args.record), args.only, is_meant=args.partial)
    if args.keep:
        copy_record(args.record, args.keep)
        args.record = args.keep
    with open_destination(args.to, destination_options(args)) as destination:
        journal = Journal(journal_path(args.state or args.record / STATE, destination.text))
        order = upload_order(part.reduced)
        this = Run(args=args, part=part, order=order, destination=destination, journal=journal)
        with _interruptible():
            report = _publish(this)
        _show(this, report)
    if args.report:
        _write(args.report, report)
    return EXIT_CODES[report.end]


def _write(path: Path, report: PublishReport) -> None:
    """Write the report. If that fails, the exit code still describes the release."""
    try:
        write_text(path, report.to_json())
    except OSError as err:
        sys.stderr.write(f"{path}: the report cannot be written ({err.strerror})\n")


def _publish(this: Run) -> PublishReport:
    """Check the release, then publish it or print the plan."""
    publication = this.publication()
    publisher = Publisher(
        folder=this.args.record,
        destination=this.destination,
        journal=this.journal,
        progress=Progress([] if this.args.dry_run else this.order.files(), this.destination.scrubbed),
        publication=publication,
        only=this.part.only,
    )
    problems: list[Problem] = []
    try:
        patience = this.patience()
        problems = refusals(
            this.args.record, this.part, this.destination, patience, time.sleep, logs_in=not this.args.dry_run
        )
        if this.args.dry_run:
            publisher.list_all()
        elif problems:
            # If the destination takes nothing of the record, what it has is of another one.
            if not this.destination.record_problems(this.args.record):
                publisher.list_known()
        else:
            urls = this.args.repository_url, this.args.check_url
            this.journal.begin(KnownDestination(this.destination.text, *urls), this.part.only)
            publisher.run()
    except Interruption as err:
        publisher.stop(Problem(this.record.name, f"was interrupted by {err}", ""))
    except SpokeshaveError as err:
        publisher.stop(*err.problems)
    except Exception as err:
        # Files may have been sent, so that the report and the exit code still describe them.
        show_stack(this.args, err)
        publisher.stop(*user_error(this.record.name, err).problems)
    return _report(this, publisher.publication, problems)


def _left_out(this: Run) -> tuple[str, ...]:
    """Return the files of the release that are not of its part, and not there."""
    try:
        return this.part.missing(this.args.record, this.destination)
    except DestinationError:
        return tuple(file.name for file in this.part.others)


def _end(this: Run, publication: Publication, refused: bool) -> PublishEnd:
    """Return what a run came to. If its check refused the release, an earlier run may have sent a part."""
    if this.args.dry_run:
        return PublishEnd.REFUSED if refused or publication.problems else PublishEnd.PLANNED
    return publication.end()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Turn the first signal to end into an `Interruption`. Later ones do not cut the list of what was sent."""
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (Python's)
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Interruption(signal.Signals(number).name)

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(this: Run, publication: Publication, refusals: Sequence[Problem]) -> PublishReport:
    """Return the report of a run.

    Args:
        refusals: What the check found.
    """
    end = _end(this, publication, bool(refusals))
    # The listings of a dry run find again what the check has found.
    places = {problem.place for problem in refusals}
    problems = [*refusals, *(problem for problem in publication.problems if problem.place not in places)]
    refused = files_of(refusals)
    scrub = this.destination.scrubbed
    left_out = _left_out(this) if this.part.only else ()
    return PublishReport(
        release=this.record.name,
        version=this.record.version,
        manifest_sha256=manifest_sha256(this.args.record),
        destination=scrub(this.destination.text),
        end=end,
        files=tuple(_file(publication.files[file.name], refused) for file in this.order.files()),
        notes=tuple(_notes(this, left_out)),
        problems=this.destination.scrubbed_problems(problems),
        continue_with=scrub(_command(this.args)) if end in (PublishEnd.PARTIAL, PublishEnd.NOT_VISIBLE) else None,
        only=this.part.only,
        left_out=left_out,
    )


def _file(state: FileProgress, refused: Collection[str]) -> PublishedFile:
    name = state.file.name
    return PublishedFile(
        name=name,
        project=state.file.project,
        sha256=state.file.sha256,
        size=state.file.size,
        outcome=PublishOutcome.REFUSED if name in refused and not state.is_stored else state.outcome(),
        attempts=state.attempts,
    )


def _notes(this: Run, left_out: Sequence[str]) -> Iterator[str]:
    yield from notes_of(this.part, left_out, this.destination.limits.maximum_age)
    for cycle in this.order.cycles:
        yield (
            f"{' and '.join(cycle)} pin each other. While the release is incomplete, installers may find one of them "
            "without the other, in any order of uploads."
        )
    if this.journal.error is not None:
        yield f"{this.journal.path}: the journal cannot be written ({this.journal.error.strerror}). It is not needed."


def _command(args: argparse.Namespace) -> str:
    """Return the command that continues: this one, with the options that differ from the defaults."""
    words = ["spokeshave", "release", "publish", str(args.record), "--to", args.to]
    usual = DestinationOptions()
    options: list[tuple[str, object, object]] = [
        *(("--only", glob, None) for glob in args.only),
        ("--repository-url", args.repository_url, None),
        ("--check-url", args.check_url, None),
        ("--timeout", args.timeout, usual.timeout),
        ("--file-limit", args.file_limit, None),
        *(("--project-limit", limit, None) for limit in args.project_limit),
        ("--state", args.state, None),
        ("--wait", args.wait, Patience.wait),
        ("--attempts", args.attempts, Patience.attempts),
        ("--pause", args.pause, Patience.pause),
    ]
    for option, value, default in options:
        if value != default:
            words += [option, f"{value:g}" if isinstance(value, float) else str(value)]
    return shlex.join([*words, *(["--partial"] if args.partial else [])])


def _show(this: Run, report: PublishReport) -> None:
    """Print the result: the plan, a line, or the list of what is missing."""
    where = f"{report.release} {report.version}: {this.destination.scrubbed(this.destination.label)}"
    for note in report.notes:
        print(note, file=sys.stderr)
    if report.end is PublishEnd.DONE:
        # One line, for who reads only the last one.
        part = f", PARTIAL: {this.part.shown}" if report.left_out else ""
        say(f"{where}: published ({_counts(report)}){part}")
        return
    if this.args.dry_run:
        _show_plan(report)
    if report.end is PublishEnd.PLANNED:
        return
    lines = [f"spokeshave release publish: {report.end.value}", *map(str, report.problems)]
    if report.end is not PublishEnd.REFUSED:
        lines += [f"{where}: {_counts(report)}", *_missing(report), "Continue with", f"    {report.continue_with}"]
    sys.stderr.write("\n".join(lines) + "\n")


def _show_plan(report: PublishReport) -> None:
    states = {PublishOutcome.ALREADY_THERE: "there", PublishOutcome.REFUSED: "refused"}
    rows = [
        (str(number), file.project, file.name, human_size(file.size), states.get(file.outcome, "to send"))
        for number, file in enumerate(report.files, 1)
    ]
    print_table(("order", "project", "file", "size", "state"), rows, {"there": "green", "refused": "bold red"})


def _counts(report: PublishReport) -> str:
    outcomes = [file.outcome for file in report.files]
    return ", ".join(f"{outcomes.count(each)} {each.value}" for each in PublishOutcome if each in outcomes)


def _missing(report: PublishReport) -> list[str]:
    """Return a line for each file that is not known to be stored, or for each file if all are."""
    stored = (PublishOutcome.PUBLISHED, PublishOutcome.ALREADY_THERE)
    rows = [(f"    {file.outcome.value}", file.name, human_size(file.size)) for file in report.files]
    missing = [row for row, file in zip(rows, report.files) if file.outcome not in stored]
    return in_columns(missing)
