"""The results of a run of `package`, in the form that its page shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from spokeshave_pants.wheel.report.critical_path import critical_path
from spokeshave_pants.wheel.report.spans import Span, looked_up, match_spans
from spokeshave_pants.wheel.report.totals import ProcessRow
from spokeshave_pants.wheel.report.wheels import RefusedWheel, SdistReportRow, WheelReport


@dataclass(frozen=True)
class Step:
    """A process and its span in this run, or no span if the daemon had its result in memory."""

    process: ProcessRow
    span: Span | None

    @property
    def seconds(self) -> float:
        """Return the duration of its span, or 0."""
        return self.span.seconds if self.span else 0.0


@dataclass(frozen=True)
class PackageRun:
    """The results of one run.

    Attributes:
        started: The start in seconds since 1970.
        seconds: The duration by the clock.
        succeeded: Whether the run succeeded. A failed run wrote no wheels.
        reports: Reports on the wheels that were made, whether or not their smoke tests passed.

    Attributes:
        refused: Wheels that could not be repaired, or in which the verification found something.
    """

    started: float
    seconds: float
    succeeded: bool
    reports: tuple[WheelReport, ...]
    processes: tuple[ProcessRow, ...]
    spans: tuple[Span, ...]
    refused: tuple[RefusedWheel, ...] = ()
    sdists: tuple[SdistReportRow, ...] = ()

    @cached_property
    def _matched(self) -> tuple[dict[int, Span], tuple[Span, ...]]:
        return match_spans(self.processes, self.spans)

    @property
    def other_spans(self) -> tuple[Span, ...]:
        """Return processes that belong to no reported wheel: set-up of compiler and Pythons, and failed builds."""
        return self._matched[1]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Return all actions, in the order of `processes`."""
        return tuple(Step(process, self._matched[0].get(place)) for place, process in enumerate(self.processes))

    @cached_property
    def critical(self) -> tuple[Step, ...]:
        """Return the chain of actions that took longest in this run, including actions from caches."""
        return tuple(self.steps[place] for place in self._path(step.seconds for step in self.steps))

    @property
    def critical_seconds(self) -> float:
        """Return the duration of the critical path."""
        return sum(step.seconds for step in self.critical)

    @cached_property
    def cold_seconds(self) -> float:
        """Return the duration of the longest chain without cached results, as far as the times are known."""
        weights = [(process.milliseconds or 0) / 1000 for process in self.processes]
        return sum(weights[place] for place in self._path(weights))

    @property
    def looked_up(self) -> float | None:
        """Return the total seconds of look-ups of cached actions, or None if no time was measured."""
        return looked_up(self._matched[0].values()) if self.spans else None

    def _path(self, weights: Iterable[float]) -> tuple[int, ...]:
        return critical_path(tuple(weights), tuple(process.needs for process in self.processes))
