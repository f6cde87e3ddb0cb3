"""Parsing of Pants' log: the times of processes, and the engine's counters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LINE = re.compile(r"(\d\d):(\d\d):(\d\d\.\d\d) \[INFO\] (Starting: |Completed: |Counters:)(.*)")
_COUNTER = re.compile(r"  (\w+): (\d+)")
_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class ProcessSpan:
    """One process of INFO level, in seconds since midnight (or since the midnight before)."""

    description: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True)
class PantsLog:
    """The parsed log. `ended` is the time of the engine's counters at the end, in the unit of `ProcessSpan`."""

    spans: tuple[ProcessSpan, ...]
    counters: Mapping[str, int]
    ended: float

    @property
    def first(self) -> float:
        return min(span.began for span in self.spans)

    @property
    def last(self) -> float:
        return max(span.ended for span in self.spans)

    @property
    def processes(self) -> int:
        """Return the number of processes that ran on this machine, including those of Pants itself."""
        return self.counters["local_execution_requests"]


def parse_log(text: str) -> PantsLog:
    """Parse processes from their `Starting` and `Completed` lines, and the counters of `[stats].log`."""
    starts: dict[str, float] = {}
    spans = []
    counters = {}
    first = ended = 0.0
    for line in text.splitlines():
        counter = _COUNTER.fullmatch(line)
        found = _LINE.match(line)
        if counter:
            counters[counter[1]] = int(counter[2])
        if not found:
            continue
        at = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
        first = first or at
        at = ended = at if at >= first else at + _DAY
        if found[4] == "Starting: ":
            starts[found[5]] = at
        elif found[5] in starts:
            spans.append(ProcessSpan(found[5], starts.pop(found[5]), at))
    return PantsLog(tuple(spans), counters, ended)
