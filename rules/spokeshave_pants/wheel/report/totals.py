"""What the actions of a run came to: how many ran, how many came from where, and the time that this saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from tabulate import tabulate

SOURCES = ("ran", "hit_locally", "hit_remotely", "memoized")
CACHED = SOURCES[1:]
ALL_STAGES = "all"


@dataclass(frozen=True)
class ProcessRow:
    """One process behind some wheels.

    :param source: `ran`, `hit_locally`, `hit_remotely`, or `memoized` (kept by the daemon from an earlier run).
    :param milliseconds: how long it took when it ran, in this run or in the one that it was kept of; None where that is
        not known.
    :param output: the digest of what it left.
    :param needs: the positions, among the rows beside it, of those that it had to wait for.
    """

    kind: str
    description: str
    source: str
    milliseconds: int | None
    output: str = ""
    needs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Tally:
    """Actions whose results came from one place.

    :param milliseconds: how long they took when they ran, as far as that is known: a sum over processes, of which
        several run at a time.
    :param without_time: of how many of them it is not known.
    """

    actions: int = 0
    milliseconds: int = 0
    without_time: int = 0

    @classmethod
    def of(cls, processes: Iterable[ProcessRow]) -> Tally:
        times = [process.milliseconds for process in processes]
        known = [time for time in times if time is not None]
        return cls(len(times), sum(known), len(times) - len(known))

    def seconds(self) -> str:
        """The time for a person to read, which says where it is not the whole."""
        if self.actions and self.without_time == self.actions:
            return "unknown"
        return f"{'at least ' if self.without_time else ''}{self.milliseconds / 1000:.1f}"


@dataclass(frozen=True)
class StageTotal:
    """The actions of one stage.

    :param saved: those that this run did not execute: hits and what the daemon kept. How long they were looked for is
        not taken off.
    """

    stage: str
    ran: Tally
    hit_locally: Tally
    hit_remotely: Tally
    memoized: Tally
    saved: Tally

    @classmethod
    def of(cls, stage: str, processes: Iterable[ProcessRow]) -> StageTotal:
        rows = tuple(processes)
        by_source = {source: Tally.of(row for row in rows if row.source == source) for source in SOURCES}
        return cls(stage, **by_source, saved=Tally.of(row for row in rows if row.source in CACHED))

    def counts(self) -> tuple[int, int, int, int]:
        """How many ran, were hit locally, hit remotely, and memoized."""
        return self.ran.actions, self.hit_locally.actions, self.hit_remotely.actions, self.memoized.actions


def total_by_stage(processes: Iterable[ProcessRow]) -> tuple[StageTotal, ...]:
    """The stages in the order of their rows, and at the end all of them together."""
    rows = tuple(processes)
    stages = dict.fromkeys(row.kind for row in rows)
    return (
        *(StageTotal.of(stage, (row for row in rows if row.kind == stage)) for stage in stages),
        StageTotal.of(ALL_STAGES, rows),
    )


def totals_document(processes: Iterable[ProcessRow]) -> list[dict[str, Any]]:
    """The totals as the JSON report has them."""
    return [asdict(total) for total in total_by_stage(processes)]


def merge_processes(groups: Iterable[tuple[ProcessRow, ...]]) -> tuple[ProcessRow, ...]:
    """The rows of several targets as one list: what they share is in it once, and `needs` are positions in it.

    The first group's stages come first; a stage's rows stay together.
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
    """The lines that close `package`: a table by stage, each action counted once for all wheels, and what was saved.

    :param looked_up: the seconds that looking up the hits took, summed; None where it was not measured.
    """
    totals = total_by_stage(processes)
    rows = [(total.stage, *total.counts(), total.ran.seconds(), total.saved.seconds()) for total in totals]
    headers = ("actions", "run", "hit locally", "hit remotely", "memoized", "seconds run", "seconds saved")
    table = str(tabulate(rows, headers=headers, colalign=("left", *("right",) * 6), disable_numparse=True))
    return f"{table}\n{saved_sentence(totals[-1], looked_up)}"


def saved_sentence(total: StageTotal, looked_up: float | None = None) -> str:
    """What not executing actions again has saved, in words."""
    saved = total.saved
    hits = total.hit_locally.actions + total.hit_remotely.actions
    if not saved.actions:
        return "Nothing came from a cache, so nothing was saved."
    unknown = f" The time of {saved.without_time} of them is not known." if saved.without_time else ""
    took = f"; looking up the hits took {looked_up:.1f} s" if hits and looked_up is not None else ""
    if saved.without_time == saved.actions:
        return f"What {_actions(saved.actions)} from a cache saved is not known{took}."
    return (
        f"{_actions(saved.actions)} from a cache saved {saved.seconds()} s of process time, which they took when they "
        f"ran{took}.{unknown}"
    )


def _actions(number: int) -> str:
    return "1 action" if number == 1 else f"{number} actions"
