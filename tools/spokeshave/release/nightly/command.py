"""The command `spokeshave release nightly`: a release of a commit, if there is anything new, with all steps after."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.option_values import count, seconds
from spokeshave.processes import ended_by_sigterm
from spokeshave.pythons.interpreter import inspect
from spokeshave.release.destination.choice import FORMS, DestinationOptions, open_destination
from spokeshave.release.nightly.build import PantsCommand, default_name
from spokeshave.release.nightly.checkout import Checkout
from spokeshave.release.nightly.commit import choose_commit
from spokeshave.release.nightly.decision import Known, NothingNew, Wanted
from spokeshave.release.nightly.known import sets_of_index, sets_of_records
from spokeshave.release.nightly.nightly import AFTER, BEFORE, Nightly, Plan
from spokeshave.release.nightly.steps import in_order, index_path
from spokeshave.release.nightly.worktree import scratch_folder
from spokeshave.release.publish.table import print_table
from spokeshave.release.record import RELEASE_NAME
from spokeshave.report import write_text
from spokeshave.version.command import is_date
from spokeshave_core.channel import DATED, Channel
from spokeshave_core.outcomes import NightlyEnd, Outcome
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.release.nightly import NightlyReport, NightlyStep

_GREEN = "gh run list --workflow ci.yml --branch main --status success --limit 1 --json headSha --jq .[0].headSha"
_EPILOG = f"""\
The commit is built in a git worktree of its own, so that the checkout stays as it is and may have changes. What git
does not track is not in it. A run that was killed is continued by the same command: a record that was made is
published, and not built again.

Nothing is released, and the exit code is 0, if each index has a release of the commit, or if what it installs is what
the newest release on each index installs. A record alone is not a release: it is tried and published again.

The version has the date of the commit, so that a commit from before the newest release sorts before that, and a number
(.post1) for a further release of one day. An index gets the release last: what it lists is published everywhere.

Exit codes: 0 released or nothing new, 1 refused or failed, and of `release publish` 3 partly published and 4 not
visible yet, which the same command continues.

The newest release of the channel is fetched, from where the index is served, by
`spokeshave release fetch NAME --channel nightly --from URL --output DIR`.

Examples:
  spokeshave release nightly --target src/python:release --name abacus --to index:public
  spokeshave release nightly --target //:release --to @testpypi --to index:public --prune-keep 14 --prune-days 60 \\
      --commit-command "{_GREEN}"
  spokeshave release nightly --target //:release --commit v3.11.0~5     (no --to: builds and records a commit)
  spokeshave release nightly --target //:release --to index:public -- --remote-cache-read
"""
_TRIES = {"none": (), "before": (BEFORE,), "after": (AFTER,), "both": (BEFORE, AFTER)}
_CONTINUED = (ExitCode.PARTIAL, ExitCode.NOT_VISIBLE)
_STYLES = {Outcome.PASSED.value: "green", Outcome.FAILED.value: "bold red"}


class ArgumentsError(SpokeshaveError):
    """Options that are not valid."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave release nightly`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    _add_source(parser)
    _add_build(parser)
    _add_publication(parser)
    parser.add_argument(
        "--force", action="store_true", help="release even if there is nothing new, under the next free version"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the decision and the steps, and do nothing")
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkout",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the folder of pants.toml in a git checkout, which is only read (default: the working directory)",
    )
    commit = parser.add_mutually_exclusive_group()
    commit.add_argument(
        "--commit",
        metavar="REF",
        help="the commit to release: a hash, a branch or a tag. Default: the branch that the current one follows, such "
        "as origin/main, as it was last fetched; HEAD if it follows none",
    )
    commit.add_argument(
        "--commit-command",
        metavar="COMMAND",
        help="a command that prints the hash of the commit, such as the last one that the CI found good. It is run in "
        "the checkout, without a shell",
    )


def _add_build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", required=True, metavar="ADDRESS", help="the `release` target, such as //:release")
    parser.add_argument("--name", help="the release's name, its field `release_name` (default: the name of the target)")
    parser.add_argument(
        "--channel",
        choices=[channel.value for channel in DATED],
        default=Channel.NIGHTLY.value,
        help="the release channel (default: nightly)",
    )
    parser.add_argument(
        "--date", metavar="YYYYMMDD", help="the date in the version (default: the UTC date of the commit)"
    )
    parser.add_argument(
        "--pants",
        metavar="PROGRAM",
        help="the program that starts Pants (default: ./pants of the commit, or `pants` on PATH if it has none)",
    )
    parser.add_argument(
        "pants_options",
        nargs="*",
        metavar="-- OPTION",
        help="options of Pants, after `--`, such as `-- --remote-cache-read`",
    )
    parser.add_argument(
        "--records",
        type=Path,
        metavar="DIR",
        help="the folder that keeps the records, as NAME/VERSION (default: dist/releases in the checkout). The release "
        "of a killed run is continued from there",
    )
    parser.add_argument(
        "--scratch",
        type=Path,
        metavar="DIR",
        help="the folder that the commit is checked out and built in; runs with the same one wait for each other "
        "(default: one for the repository, in $SPOKESHAVE_HOME/nightly or ~/.cache/spokeshave/nightly)",
    )


def _add_publication(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="DEST",
        help=f"where the release goes: {FORMS}; may be repeated. An index also shows what was released before. "
        "Default: the record is made, and goes nowhere",
    )
    parser.add_argument(
        "--wait",
        type=seconds,
        metavar="SECONDS",
        help="that of `release publish`: how long files may take to become visible",
    )
    parser.add_argument(
        "--try",
        dest="tries",
        choices=list(_TRIES),
        default="before",
        help="when to install the release as a whole and test it: before it is published, from its record, after it, "
        "from each destination, both, or none (default: before)",
    )
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="PATH",
        help="an interpreter to install the release on; default: each one on PATH that has wheels of it",
    )
    parser.add_argument(
        "--prune-keep",
        type=count,
        metavar="N",
        help="afterwards, remove old releases of the channel from each index, but keep the newest N of them",
    )
    parser.add_argument(
        "--prune-days", type=count, metavar="DAYS", help="the same, but keep those of the last days (see `index prune`)"
    )


def run(args: argparse.Namespace) -> int:
    """Release a commit, or say why not."""
    nightly = Nightly(make_plan(args))
    if not isinstance(nightly.decision, NothingNew):
        print(nightly.reason, flush=True)
    if args.dry_run:
        nightly.plan()
        if nightly.pants_options:
            print(f"options of Pants: {shlex.join(nightly.pants_options)}", flush=True)
        return _show(args, nightly.report(), ExitCode.OK)
    try:
        with ended_by_sigterm():
            exit_code = nightly.run()
    except KeyboardInterrupt:
        _show(args, nightly.report(Problem(args.target, "was interrupted", "The same command continues.")), 1)
        raise
    return _show(args, nightly.report(), exit_code)


def make_plan(args: argparse.Namespace) -> Plan:
    """Return what a run is to do. Everything that can be checked before a build is checked.

    Raises:
        ArgumentsError: For all problems.
    """
    name = args.name or default_name(args.target)
    checkout = Checkout(args.checkout)
    records = Path(args.records or args.checkout / "dist/releases")
    destinations = in_order(args.to)
    problems = Problems()
    _check(args, name, destinations, problems)
    commit = None
    known = Known()
    with problems.collecting():
        known = read_known(name, records, destinations)
    with problems.collecting():
        commit = choose_commit(checkout, args.commit, args.commit_command)
    problems.raise_if_any(ArgumentsError)
    assert commit is not None
    return Plan(
        checkout=checkout,
        commit=commit,
        release=name,
        wanted=Wanted(
            channel=args.channel,
            commit=commit.sha,
            day=checkout.day(commit.sha),
            chosen_day=args.date,
            is_forced=args.force,
            latest_day=(datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y%m%d"),
        ),
        known=known,
        pants=PantsCommand(_program(args.pants), args.target, tuple(args.pants_options)),
        destinations=destinations,
        records=records / name,
        scratch=args.scratch or scratch_folder(checkout),
        tries=frozenset(_TRIES[args.tries]),
        try_options=tuple(word for python in args.python for word in ("--python", python)),
        publish_options=() if args.wait is None else ("--wait", str(args.wait)),
        prune_options=tuple(_prune_options(args)),
    )


def _check(args: argparse.Namespace, name: str, destinations: Iterable[str], problems: Problems) -> None:
    """Add the problems of options that only later steps read."""
    if not RELEASE_NAME.fullmatch(name):
        problems.add("--name", f"{name!r} is not the name of a release", "Give the field `release_name` of the target.")
    if args.date is not None and not is_date(args.date):
        problems.add("--date", f"{args.date!r} is not a date", "Write it as YYYYMMDD, for example 20260821.")
    if list(_prune_options(args)) and not any(map(index_path, destinations)):
        message = "remove releases from indexes, and no --to is one"
        problems.add("--prune-keep, --prune-days", message, "Add --to index:PATH, or leave them out.")
    for python in args.python:
        with problems.collecting():
            inspect(Path(python))
    for destination in destinations:
        with problems.collecting(), open_destination(destination, DestinationOptions()) as opened:
            problems.extend(ArgumentsError(*opened.credential_problems()))


def _program(text: str | None) -> str | None:
    """Return a program that is run in another folder: a path from here, or a name on PATH."""
    return str(Path(text).absolute()) if text is not None and os.sep in text else text


def read_known(name: str, records: Path, destinations: Iterable[str]) -> Known:
    """Return the releases that are known.

    Raises:
        InvalidIndexError: If an index cannot be read.
    """
    indexes = [index_path(destination) for destination in destinations]
    return Known(
        recorded=tuple(sets_of_records(records, name)),
        indexes=tuple(tuple(sets_of_index(folder, name)) for folder in indexes if folder is not None),
        has_others=None in indexes,
    )


def _prune_options(args: argparse.Namespace) -> Iterable[str]:
    for option, value in (("--keep", args.prune_keep), ("--days", args.prune_days)):
        if value is not None:
            yield from (option, str(value))


def _show(args: argparse.Namespace, report: NightlyReport, exit_code: int) -> int:
    """Print what a run came to, and write its report. Return the exit code."""
    if report.steps:
        rows = [(step.name, step.subject, step.outcome.value, _time(step)) for step in report.steps]
        print_table(("step", "of", "outcome", "time"), rows, _STYLES)
    if report.end is NightlyEnd.FAILED:
        lines = ["spokeshave release nightly: failed", *map(str, report.problems)]
        if exit_code in _CONTINUED:
            lines.append("The same command continues.")
        sys.stderr.write("\n".join(lines) + "\n")
    else:
        print(_result(report), flush=True)
    if args.report:
        write_text(args.report, report.to_json())
    return exit_code


def _result(report: NightlyReport) -> str:
    if report.end is NightlyEnd.NOTHING_NEW:
        return f"{report.release}: nothing new, as {report.reason}"
    version = f" {report.version}" if report.version else ""
    return f"{report.release}{version}: {report.end.value}"


def _time(step: NightlyStep) -> str:
    return "" if step.outcome is Outcome.NOT_RUN else f"{step.seconds:.0f} s"
