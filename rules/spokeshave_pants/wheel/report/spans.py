"""When the processes of a run ran, or were found in a cache: what Pants' work units tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spokeshave_pants.wheel.report.totals import ProcessRow

# The engine's name for a process that was asked for, whatever came of it, and for its execution on this machine.
_PROCESS = "process"
_LOCAL_RUN = "run_local_process"
_SCHEDULING = "Scheduling: "
_SOURCES = {"Ran": "ran", "HitLocally": "hit_locally", "HitRemotely": "hit_remotely"}


@dataclass(frozen=True)
class Span:
    """A process of this run by its description: from when to when it ran, or was looked for and found.

    Times are in seconds of the clock (since 1970).

    :param source: `ran`, `hit_locally` or `hit_remotely`.
    """

    description: str
    source: str
    start: float
    end: float
    failed: bool = False

    @property
    def seconds(self) -> float:
        return self.end - self.start


class SpanCollector:
    """Takes completed work units as they come, and tells the spans of those that are processes.

    Pants tells of a process only at the level `debug` of `[GLOBAL].streaming_workunits_level`, which is its default.
    """

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._local_runs: dict[str, list[tuple[float, float]]] = {}

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(sorted(self._spans, key=lambda span: (span.start, span.end, span.description)))

    def add(self, workunits: Iterable[Mapping[str, Any]]) -> None:
        """Take completed work units; a process comes after what was done for it."""
        for workunit in workunits:
            if workunit["name"] == _LOCAL_RUN:
                self._local_runs.setdefault(workunit.get("description", ""), []).append(_interval(workunit))
            # One that was cut off or could not be started has no source.
            elif workunit["name"] == _PROCESS and "source" in workunit["metadata"]:
                self._spans.append(self._span(workunit))

    def _span(self, workunit: Mapping[str, Any]) -> Span:
        metadata = workunit["metadata"]
        description = workunit["description"][len(_SCHEDULING) :]
        source = _SOURCES[metadata["source"]]
        start, end = _interval(workunit)
        if source == "ran":
            start, end = self._run(description, start, end, metadata.get("total_elapsed_ms"))
        return Span(description=description, source=source, start=start, end=end, failed=metadata["exit_code"] != 0)

    def _run(self, description: str, start: float, end: float, milliseconds: int | None) -> tuple[float, float]:
        """The part of a process' interval in which it was executed, without the wait for its turn."""
        runs = [run for run in self._local_runs.get(description, ()) if start <= run[0] and run[1] <= end]
        if runs:
            return runs[-1]
        # On a remote worker: it ended about when its result was here.
        return (start if milliseconds is None else max(start, end - milliseconds / 1000)), end


def _interval(workunit: Mapping[str, Any]) -> tuple[float, float]:
    start = workunit["start_secs"] + workunit["start_nanos"] / 1e9
    return start, start + workunit["duration_secs"] + workunit["duration_nanos"] / 1e9


def match_spans(rows: tuple[ProcessRow, ...], spans: Iterable[Span]) -> tuple[dict[int, Span], tuple[Span, ...]]:
    """The spans of rows by the rows' positions, and the spans of processes that are in no row.

    A row has none where the daemon kept its result. Of several spans of one description (a file changed during the run,
    so its compile was done again) each row takes the latest that is left.
    """
    left: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: span.end):
        left.setdefault(span.description, []).append(span)
    matched = {}
    for place, row in enumerate(rows):
        fitting = [span for span in left.get(row.description, ()) if span.source == row.source]
        if fitting:
            matched[place] = fitting[-1]
            left[row.description].remove(fitting[-1])
    return matched, tuple(span for rest in left.values() for span in rest)


def looked_up(spans: Iterable[Span]) -> float:
    """The seconds that looking up the hits took, summed."""
    return sum(span.seconds for span in spans if span.source != "ran")
