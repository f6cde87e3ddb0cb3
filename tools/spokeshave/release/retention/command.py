"""The command `spokeshave index prune`: remove whole sets that are neither new, young nor needed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from spokeshave.errors import ExitCode, counted
from spokeshave.option_values import count
from spokeshave.release.columns import in_columns
from spokeshave.release.index.folder import CURRENT, InvalidIndexError, ReleaseIndex
from spokeshave.release.index.upload_time import parse_time
from spokeshave.release.index.writer.change import KEPT_GENERATIONS, change_index
from spokeshave.release.retention.holds import holds_of_downstream, holds_of_record
from spokeshave.release.retention.keep_file import read_keep_file
from spokeshave.release.retention.names import policy_for
from spokeshave.release.retention.plan import plan_prune, prune_report
from spokeshave.release.retention.retention import NO_CHANNEL, Holds, KeptVersion, RetentionPolicy
from spokeshave.report import write_text
from spokeshave.sizes import human_size
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.retention import PruneReport, SetDecision

_DAY = len("2026-11-30")


class InvalidPolicyError(SpokeshaveError):
    """Options that do not say which sets are removed, or files that cannot be read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `spokeshave index prune`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "A set stays if it is among the newest of --keep or younger than --days. These stay at any age: the newest "
        "complete set of\neach release and channel and its highest version (of those that are not yanked), sets of "
        "`index keep` and of --keep-file,\nsets that a file of --pins or a set that stays pins with ==, and sets that "
        "a set that stays was promoted from. Partial and\nyanked sets go by the same rule, but do not count for "
        "--keep.\n\n"
        "Example: spokeshave index prune site --channel nightly --keep 14 --days 60 --pins requirements.txt --dry-run"
    )
    parser.add_argument("index", type=Path, metavar="DIR", help="the folder of the index")
    parser.add_argument(
        "--channel",
        action="append",
        required=True,
        metavar="NAME",
        help="the channel whose sets may be removed, such as nightly. Sets of other channels are not touched. "
        f"{NO_CHANNEL!r} stands for sets without a channel. Can be repeated",
    )
    parser.add_argument(
        "--keep",
        type=count,
        metavar="N",
        help="keep the newest N complete sets of each release and channel, and what is not older than the last of "
        "these. By default their number does not matter; --keep or --days is required",
    )
    parser.add_argument(
        "--days",
        type=count,
        metavar="D",
        help="keep sets that came in less than D days ago, such as 60. By default the age does not matter",
    )
    parser.add_argument(
        "--release",
        action="append",
        default=[],
        metavar="NAME",
        help="the release whose sets may be removed, such as abacus. Can be repeated. By default, those of all",
    )
    parser.add_argument(
        "--keep-file",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a file with versions that stay, one on each line, as VERSION or as NAME==VERSION with the name of the "
        "release or of a project. # starts a comment. Can be repeated",
    )
    parser.add_argument(
        "--pins",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a file of a downstream, whose exact pins stay: requirements, constraints, or a lock file in TOML such as "
        "pylock.toml and uv.lock. A range such as ==3.12.* does not count. Can be repeated",
    )
    parser.add_argument(
        "--record",
        action="append",
        default=[],
        type=Path,
        metavar="REC",
        help="the record of a release that is not in the index, such as one on PyPI: the set that it was promoted "
        "from, and those that its wheels pin, stay. Can be repeated",
    )
    parser.add_argument(
        "--now",
        type=_time,
        metavar="TIME",
        help="the time from which --days counts, such as 2026-11-30T00:00:00Z (default: the time of the run)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be removed, by the same rules, and remove nothing"
    )
    parser.add_argument(
        "--purge",
        action="store_true",
        help="delete the files of removed sets at once. By default, the next change of the index deletes them, so "
        "that an installer that has read a page finds what it lists",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Prune an index and print a table of its sets."""
    policy, outside = _read_options(args)
    index = ReleaseIndex(args.index)
    reports: list[PruneReport] = []

    def edit(sets: tuple[IndexedSet, ...]) -> Sequence[IndexedSet]:
        """Decide about the sets that the index has while no other command changes it."""
        applied = policy_for(sets, policy)
        plan = plan_prune(index, sets, applied, outside)
        reports.append(prune_report(index, plan, applied, is_dry_run=args.dry_run))
        return plan.staying()

    if args.dry_run:
        edit(read_index(args.index))
    else:
        change_index(args.index, edit, generations=1 if args.purge else KEPT_GENERATIONS)
    sys.stdout.write(render(reports[0], is_purge=args.purge))
    sys.stdout.flush()
    if args.report:
        write_text(args.report, reports[0].to_json())
    return ExitCode.OK


def read_index(folder: Path) -> tuple[IndexedSet, ...]:
    """Return the sets of an index that exists.

    Raises:
        InvalidIndexError: If it does not, or cannot be read.
    """
    if not (folder / CURRENT).is_symlink():
        remedy = "Name the folder that `spokeshave index add` writes to."
        raise InvalidIndexError(Problem(str(folder), "is not a release index", remedy))
    return tuple(ReleaseIndex(folder).sets())


def render(report: PruneReport, *, is_purge: bool = False) -> str:
    """Return the text for the user: a table of the sets that the policy applies to, and the sum.

    Args:
        is_purge: Whether the files of removed sets are deleted at once.
    """
    in_scope = [made for made in report.sets if not _is_out_of_scope(made)]
    rows = [("set", "channel", "added", "size", "decision", "reason"), *(_row(made) for made in in_scope)]
    lines = [*(in_columns(rows, right=[3]) if in_scope else ()), *report.notes]
    return "".join(f"{line}\n" for line in (*lines, *_summary(report, len(in_scope), is_purge=is_purge)))


def _row(made: SetDecision) -> tuple[str, ...]:
    state = f" ({', '.join(made.state)})" if made.state else ""
    reason = made.removal if made.removal is not None else "; ".join(reason.text for reason in made.stays)
    return (
        f"{made.name} {made.version}{state}",
        made.channel or NO_CHANNEL,
        made.added[:_DAY],
        human_size(made.size),
        "remove" if made.is_removed else "stay",
        reason,
    )


def _summary(report: PruneReport, in_scope: int, *, is_purge: bool) -> Iterator[str]:
    """Yield the sums."""
    removed = sum(made.is_removed for made in report.sets)
    others = len(report.sets) - in_scope
    verb = "would be removed, which would free" if report.is_dry_run else "removed, which frees"
    what = f"{removed} of {counted(in_scope, 'set')} {verb} {human_size(report.freed)}"
    text = what if removed else "nothing to remove"
    yield f"{text}; {counted(others, 'set')} of other channels or releases not touched" if others else text
    if removed and not (is_purge or report.is_dry_run):
        yield "The files are deleted with the next change of the index; --purge deletes them now."


def _is_out_of_scope(made: SetDecision) -> bool:
    return any(reason.kind.is_out_of_scope for reason in made.stays)


def _read_options(args: argparse.Namespace) -> tuple[RetentionPolicy, list[Holds]]:
    """Return the policy, and what is outside of the index and holds sets of it.

    Raises:
        InvalidPolicyError: For everything that is missing or cannot be read.
    """
    problems = Problems()
    if args.keep is None and args.days is None:
        problems.add("index prune", "has neither --keep nor --days", "Say what stays, such as --keep 14 --days 60.")
    kept: list[KeptVersion] = []
    for path in args.keep_file:
        with problems.collecting():
            kept += read_keep_file(path)
    outside: list[Holds] = []
    for paths, read in ((args.pins, holds_of_downstream), (args.record, holds_of_record)):
        for path in paths:
            with problems.collecting():
                outside.append(read(path))
    problems.raise_if_any(InvalidPolicyError)
    policy = RetentionPolicy(
        now=args.now or datetime.now(timezone.utc),
        channels=frozenset(args.channel),
        keep=args.keep,
        age=None if args.days is None else timedelta(days=args.days),
        releases=frozenset(args.release),
        kept=tuple(kept),
    )
    return policy, outside


def _time(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-11-30T00:00:00Z") from err
