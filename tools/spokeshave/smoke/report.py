"""What smoke tests found: outcomes by wheel, interpreter and check, as JSON and as a table."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from spokeshave.report import Json


class Outcome(enum.Enum):
    """How a check or a run came out; the values are what reports say."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_RUN: "yellow"}


@dataclass(frozen=True)
class CheckResult:
    """One thing that was tried. ``detail`` says what went wrong and what to do, or what was counted."""

    name: str
    outcome: Outcome
    seconds: float
    detail: str = ""

    def as_json(self) -> Json:
        """The check as reports hold it."""
        seconds = round(self.seconds, 3)
        return {"name": self.name, "outcome": self.outcome.value, "seconds": seconds, "detail": self.detail}


@dataclass(frozen=True)
class PythonFacts:
    """The interpreter of a run; version and implementation are empty where it could not be started.

    ``platform`` says what it ran on, in words, and ``emulator`` what emulated that, if anything did.
    """

    path: str
    version: str = ""
    implementation: str = ""
    platform: str = ""
    emulator: str = ""
    free_threaded: bool = False

    def __str__(self) -> str:
        name = f"{self.implementation} {self.version}" if self.version else self.path
        return f"{name} ({self.emulator})" if self.emulator else name


@dataclass(frozen=True)
class Run:
    """A wheel tried on one interpreter."""

    python: PythonFacts
    outcome: Outcome
    reason: str = ""
    checks: tuple[CheckResult, ...] = ()

    @property
    def seconds(self) -> float:
        """The time that all checks took."""
        return sum(check.seconds for check in self.checks)

    def as_json(self) -> Json:
        """The run as reports hold it."""
        python = asdict(self.python)
        checks = [check.as_json() for check in self.checks]
        return {"python": python, "outcome": self.outcome.value, "reason": self.reason, "checks": checks}


@dataclass(frozen=True)
class SmokeReport:
    """All runs of one wheel."""

    wheel: Path
    sha256: str
    runs: tuple[Run, ...]

    def as_json(self) -> Json:
        """The report as the ``smoke-test`` command writes it."""
        return {"wheel": self.wheel.name, "sha256": self.sha256, "runs": [run.as_json() for run in self.runs]}

    def with_outcome(self, outcome: Outcome) -> list[Run]:
        """The runs that came out so."""
        return [run for run in self.runs if run.outcome is outcome]


def failures(reports: Iterable[SmokeReport]) -> str:
    """Every check that failed, as final text for the user."""
    lines = [
        f"{report.wheel.name} on {run.python}: {check.name}: {check.detail}"
        for report in reports
        for run in report.with_outcome(Outcome.FAILED)
        for check in run.checks
        if check.outcome is Outcome.FAILED
    ]
    return "\n".join(lines)


_HEADINGS = ("wheel", "python", "outcome", "checks", "seconds", "reason")


def print_table(reports: Sequence[SmokeReport]) -> None:
    """A row for each wheel and interpreter: a table on a terminal, else plain columns."""
    rows = [(report.wheel.name, run) for report in reports for run in report.runs]
    if sys.stdout.isatty():
        _print_rich(rows)
    else:
        _print_plain([_HEADINGS, *(_cells(wheel, run) for wheel, run in rows)])


def _cells(wheel: str, run: Run) -> tuple[str, ...]:
    passed = sum(check.outcome is Outcome.PASSED for check in run.checks)
    checks = f"{passed}/{len(run.checks)}" if run.checks else ""
    seconds = f"{run.seconds:.1f}" if run.checks else ""
    reason = (run.reason.splitlines() or [""])[0]
    return (wheel, str(run.python), run.outcome.value, checks, seconds, reason)


def _print_rich(rows: Iterable[tuple[str, Run]]) -> None:
    table = Table(*_HEADINGS)
    for wheel, run in rows:
        style = _STYLES[run.outcome]
        cells = _cells(wheel, run)
        table.add_row(*(Text(cell, style if index == 2 else "") for index, cell in enumerate(cells)))
    Console().print(table)


def _print_plain(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
