"""Results of measurements: samples, counts, and their comparison with targets."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Union

Cell = Union[str, int, float]


@dataclass(frozen=True)
class Spread:
    """The smallest, middle and largest of some samples."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Spread:
        return cls(min(samples), statistics.median(samples), max(samples))

    def __str__(self) -> str:
        return f"{self.low:.2f} / {self.median:.2f} / {self.high:.2f}"


@dataclass(frozen=True)
class Verdict:
    """A target, the measured value, and whether the target is met.

    Only a count can be wrong. A missed time target is reported but not a failure, because machines differ.
    """

    wanted: str
    found: str
    met: bool
    is_count: bool

    @classmethod
    def ratio(cls, name: str, value: float, limit: float) -> Verdict:
        return cls(f"{name} at most {limit:.2f}", f"{value:.2f}", value <= limit, is_count=False)

    @classmethod
    def seconds(cls, name: str, value: float, limit: float) -> Verdict:
        return cls(f"{name} under {limit:g} s", f"{value:.2f} s", value < limit, is_count=False)

    @classmethod
    def count(cls, name: str, value: int, wanted: int) -> Verdict:
        return cls(f"{name}: {wanted}", str(value), value == wanted, is_count=True)


@dataclass(frozen=True)
class Table:
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Measurement:
    """One of the benchmark's measurements, with its tables, remarks and raw samples."""

    name: str
    tables: tuple[Table, ...]
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_wrong(self) -> bool:
        return any(verdict.is_count and not verdict.met for verdict in self.verdicts)
