"""The time spans in which the processes of a run ran or were found in a cache, from Pants' work units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spokeshave_pants.wheel.report.totals import ProcessRow

# The engine's names for a requested process, with any result, and for its execution on this machine.
_PROCESS, _LOCAL_RUN = "process", "run_local_process"
_SCHEDULING = "Scheduling: "
_SOURCES = {"Ran": "ran", "HitLocally": "hit_locally", "HitRemotely": "hit_remotely"}


@dataclass(frozen=True)
class Span:
    """The time in which a process of this run, identified by its description, ran or was looked up.

    Times are in seconds since 1970.

    Attributes:
        source: `ran`, `hit_locally` or `hit_remotely`.
    """

    description: str
    source: str
    start: float
    end: float
    failed: bool = False

    @property
    def seconds(self) -> float:
        """Return the duration."""
        return self.end - self.start


class SpanCollector:
    """A collector that receives completed work units and returns the spans of those that are processes.

    Pants reports processes only if `[GLOBAL].streaming_workunits_level` is `debug`, which is its default.
    """

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._local_runs: dict[str, list[tuple[float, float]]] = {}

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return the spans so far, sorted."""
        return tuple(sorted(self._spans, key=lambda span: (span.start, span.end, span.description)))

    def add(self, workunits: Iterable[Mapping[str, Any]]) -> None:
        """Add completed work units. The work unit of a process arrives after those of its parts."""
        for workunit in workunits:
            if workunit["name"] == _LOCAL_RUN:
                self._local_runs.setdefault(workunit.get("description", ""), []).append(_interval(workunit))
            # A process that was cancelled or could not be started has no source.
            elif workunit["name"] == _PROCESS and "source" in workunit["metadata"]:
                self._spans.append(self._span(workunit))

    def _span(self, workunit: Mapping[str, Any]) -> Span:
        metadata = workunit["metadata"]
        description = workunit["description"][len(_SCHEDULING) :]
        source = _SOURCES[metadata["source"]]
        start, end = _interval(workunit)
        if source == "ran":
            start, end = self._run(description, start, end, metadata.get("total_elapsed_ms"))
        return Span(description, source, start, end, failed=metadata["exit_code"] != 0)

    def _run(self, description: str, start: float, end: float, milliseconds: int | None) -> tuple[float, float]:
        """Return the part of a process' interval in which it was executed, without the time in the queue."""
        runs = [run for run in self._local_runs.get(description, ()) if start <= run[0] and run[1] <= end]
        if runs:
            return runs[-1]
        # On a remote worker: the execution ended shortly before its result arrived.
        return (start if milliseconds is None else max(start, end - milliseconds / 1000)), end


def _interval(workunit: Mapping[str, Any]) -> tuple[float, float]:
    start = workunit["start_secs"] + workunit["start_nanos"] / 1e9
    return start, start + workunit["duration_secs"] + workunit["duration_nanos"] / 1e9


def match_spans(rows: tuple[ProcessRow, ...], spans: Iterable[Span]) -> tuple[dict[int, Span], tuple[Span, ...]]:
    """Return the spans of rows by the rows' positions, and the spans of processes that are in no row.

    A row has no span if the daemon had its result in memory. If several spans have the same description, because a file
    changed during the run and its compile ran again, each row gets the latest remaining one.
    """
    remaining: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: span.end):
        remaining.setdefault(span.description, []).append(span)
    matched = {}
    for place, row in enumerate(rows):
        fitting = [span for span in remaining.get(row.description, ()) if span.source == row.source]
        if fitting:
            matched[place] = fitting[-1]
            remaining[row.description].remove(fitting[-1])
    return matched, tuple(span for rest in remaining.values() for span in rest)


def looked_up(spans: Iterable[Span]) -> float:
    """Return the total seconds of look-ups of cached actions."""
    return sum(span.seconds for span in spans if span.source != "ran")
