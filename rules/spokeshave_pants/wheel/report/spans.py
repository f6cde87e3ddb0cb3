"""The time spans in which the processes of a run ran or were found in a cache, from Pants' work units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spokeshave_core.outcomes import Source
from spokeshave_pants.wheel.report.totals import ProcessRow

# The engine's names for a requested process, with any result, and for its execution on this machine.
_PROCESS = "process"
_LOCAL_RUN = "run_local_process"
_REMOTE_RUN = "run_execute_request"
_SCHEDULING = "Scheduling: "
_SOURCES = {"Ran": Source.RAN, "HitLocally": Source.HIT_LOCALLY, "HitRemotely": Source.HIT_REMOTELY}


@dataclass(frozen=True)
class Span:
    """The time in which a process of this run, identified by its description, ran or was looked up.

    Times are in seconds since 1970.
    """

    description: str
    source: Source
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
            description = finished_process(workunit)
            if description is not None:
                self._spans.append(self._span(workunit, description))

    def _span(self, workunit: Mapping[str, Any], description: str) -> Span:
        metadata = workunit["metadata"]
        source = _SOURCES[metadata["source"]]
        start, end = _interval(workunit)
        if source is Source.RAN:
            start, end = self._run(description, start, end, metadata.get("total_elapsed_ms"))
        return Span(description=description, source=source, start=start, end=end, failed=metadata["exit_code"] != 0)

    def _run(self, description: str, start: float, end: float, milliseconds: int | None) -> tuple[float, float]:
        """Return the part of a process' interval in which it was executed, without the time in the queue."""
        runs = [run for run in self._local_runs.get(description, ()) if start <= run[0] and run[1] <= end]
        if runs:
            return runs[-1]
        # On a remote worker: the execution ended shortly before its result arrived.
        return (start if milliseconds is None else max(start, end - milliseconds / 1000)), end


def is_execution(workunit: Mapping[str, Any]) -> bool:
    """Whether a work unit is the execution of a process, here or on a worker, and not the wait for its turn."""
    return workunit["name"] in (_LOCAL_RUN, _REMOTE_RUN)


def finished_process(workunit: Mapping[str, Any]) -> str | None:
    """The description of a process that has ended or was found in a cache; None for another completed work unit."""
    # One that was cut off or could not be started has no source.
    if workunit["name"] != _PROCESS or "source" not in workunit["metadata"]:
        return None
    description: str = workunit["description"][len(_SCHEDULING) :]
    return description


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
        fitting = [span for span in remaining.get(row.description, ()) if span.source is row.source]
        if fitting:
            matched[place] = fitting[-1]
            remaining[row.description].remove(fitting[-1])
    return matched, tuple(span for rest in remaining.values() for span in rest)


def looked_up(spans: Iterable[Span]) -> float:
    """Return the total seconds of look-ups of cached actions."""
    return sum(span.seconds for span in spans if span.source.is_cached)
