"""Totals of the actions of a run: the number per source of their results, and the time saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tabulate import tabulate

from spokeshave_core.outcomes import Source
from spokeshave_pants.action import ForeignCalls

ALL_STAGES = "all"
FOREIGN_COLUMNS = ("builds of projects", "result", "compiles (foreign)", "links", "probes", "seconds")


@dataclass(frozen=True)
class ProcessRow:
    """One process behind some wheels.

    Attributes:
        milliseconds: The duration of its execution, in this run or in the run that the result is from. None if it is
            not known.
        output: The digest of its output.
        needs: The positions, among the rows of the same list, of those that it had to wait for.
        platform: The tag of the wheel platform that it worked for. Empty for work that all of them share.
        calls: What it had the compiler do, if it is a project's own build.
    """

    kind: str
    description: str
    source: Source
    milliseconds: int | None
    output: str = ""
    needs: tuple[int, ...] = ()
    platform: str = ""
    calls: ForeignCalls | None = None


@dataclass(frozen=True)
class Tally:
    """Actions whose results have the same source.

    Attributes:
        milliseconds: The sum of their execution times, as far as they are known. Several processes run at a time.
        without_time: The number of actions whose time is not known.
    """

    actions: int = 0
    milliseconds: int = 0
    without_time: int = 0

    @classmethod
    def of(cls, processes: Iterable[ProcessRow]) -> Tally:
        """Return the tally of some processes."""
        times = [process.milliseconds for process in processes]
        known = [time for time in times if time is not None]
        return cls(len(times), sum(known), len(times) - len(known))

    def seconds(self) -> str:
        """Return the time for a person to read, with a note if it is incomplete."""
        if self.actions and self.without_time == self.actions:
            return "unknown"
        return f"{'at least ' if self.without_time else ''}{self.milliseconds / 1000:.1f}"


@dataclass(frozen=True)
class StageTotal:
    """The actions of one stage.

    Attributes:
        saved: The actions that this run did not execute: cache hits and results kept by the daemon. The time of
            look-ups is not subtracted.
    """

    stage: str
    ran: Tally
    hit_locally: Tally
    hit_remotely: Tally
    memoized: Tally
    saved: Tally

    @classmethod
    def of(cls, stage: str, processes: Iterable[ProcessRow]) -> StageTotal:
        """Return the total of a stage's processes."""
        rows = tuple(processes)
        by_source = {source: Tally.of(row for row in rows if row.source is source) for source in Source}
        return cls(
            stage=stage,
            ran=by_source[Source.RAN],
            hit_locally=by_source[Source.HIT_LOCALLY],
            hit_remotely=by_source[Source.HIT_REMOTELY],
            memoized=by_source[Source.MEMOIZED],
            saved=Tally.of(row for row in rows if row.source.is_cached),
        )

    def counts(self) -> tuple[int, int, int, int]:
        """Return the numbers of actions that ran, were hit locally, were hit remotely, and were memoized."""
        return self.ran.actions, self.hit_locally.actions, self.hit_remotely.actions, self.memoized.actions


def total_by_stage(processes: Iterable[ProcessRow]) -> tuple[StageTotal, ...]:
    """Return the stages in the order of their rows, followed by the total."""
    rows = tuple(processes)
    stages = dict.fromkeys(row.kind for row in rows)
    return (
        *(StageTotal.of(stage, (row for row in rows if row.kind == stage)) for stage in stages),
        StageTotal.of(ALL_STAGES, rows),
    )


def merge_processes(groups: Iterable[tuple[ProcessRow, ...]]) -> tuple[ProcessRow, ...]:
    """Merge the rows of several targets into one list without duplicates, and make `needs` positions in it.

    The first group's stages come first. The rows of a stage stay together.
    """
    merged: dict[tuple[str, str, str], tuple[ProcessRow, set[tuple[str, str, str]]]] = {}
    for rows in groups:
        for row in rows:
            _, needs = merged.setdefault(_key(row), (row, set()))
            needs.update(_key(rows[need]) for need in row.needs)
    stages = {stage: place for place, stage in enumerate(dict.fromkeys(row.kind for row, _ in merged.values()))}
    ordered = sorted(merged, key=lambda key: (stages[key[0]], key))
    places = {key: place for place, key in enumerate(ordered)}
    return tuple(
        replace(merged[key][0], needs=tuple(sorted(places[need] for need in merged[key][1]))) for key in ordered
    )


def _key(row: ProcessRow) -> tuple[str, str, str]:
    return row.kind, row.description, row.output


def render_totals(processes: tuple[ProcessRow, ...], looked_up: float | None = None) -> str:
    """Return the lines at the end of `package`: a table by stage with each action counted once, and the time saved.

    Args:
        looked_up: The total seconds of look-ups of cached actions, or None if they were not measured.
    """
    totals = total_by_stage(processes)
    rows = [(total.stage, *total.counts(), total.ran.seconds(), total.saved.seconds()) for total in totals]
    headers = ("actions", "run", "hit locally", "hit remotely", "memoized", "seconds run", "seconds saved")
    table = str(tabulate(rows, headers=headers, colalign=("left", *("right",) * 6), disable_numparse=True))
    return f"{table}\n{saved_sentence(totals[-1], looked_up)}"


def render_foreign(processes: tuple[ProcessRow, ...]) -> str:
    """Return the table of what the projects' own builds had the compiler do, or nothing if there is none."""
    rows = [
        (row.description, source_of(row), calls.compiles, calls.links, calls.probes, seconds_of(row))
        for row, calls in foreign_builds(processes)
    ]
    if not rows:
        return ""
    columns = ("left", "left", *("right",) * 4)
    return str(tabulate(rows, headers=FOREIGN_COLUMNS, colalign=columns, disable_numparse=True))


def foreign_builds(processes: tuple[ProcessRow, ...]) -> tuple[tuple[ProcessRow, ForeignCalls], ...]:
    """Return the projects' own builds with what each had the compiler do."""
    return tuple((row, row.calls) for row in processes if row.calls)


def source_of(row: ProcessRow) -> str:
    """Return where the result of a process came from, for a person to read."""
    return row.source.value.replace("_", " ")


def seconds_of(row: ProcessRow) -> str:
    """Return the time of a process when it ran."""
    return "unknown" if row.milliseconds is None else f"{row.milliseconds / 1000:.1f}"


def saved_sentence(total: StageTotal, looked_up: float | None = None) -> str:
    """Return a sentence about the time saved by not executing actions again."""
    saved = total.saved
    hits = total.hit_locally.actions + total.hit_remotely.actions
    if not saved.actions:
        return "Nothing came from a cache, so nothing was saved."
    unknown = f" The time of {saved.without_time} of them is unknown." if saved.without_time else ""
    took = f"; looking up the hits took {looked_up:.1f} s" if hits and looked_up is not None else ""
    if saved.without_time == saved.actions:
        return f"What {_actions(saved.actions)} from a cache saved is not known{took}."
    return (
        f"{_actions(saved.actions)} from a cache saved {saved.seconds()} s of process time, which they took when they "
        f"ran{took}.{unknown}"
    )


def _actions(number: int) -> str:
    return "1 action" if number == 1 else f"{number} actions"
