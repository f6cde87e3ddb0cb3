"""Results of smoke tests: outcomes by wheel, interpreter and check, as JSON and as a table."""

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
    """The outcome of a check or a run. The values appear in reports."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_RUN: "yellow"}


@dataclass(frozen=True)
class CheckResult:
    """One check. `detail` has the problem and its remedy, or the count of checked items."""

    name: str
    outcome: Outcome
    seconds: float
    detail: str = ""

    def as_json(self) -> Json:
        """Return the check for reports."""
        seconds = round(self.seconds, 3)
        return {"name": self.name, "outcome": self.outcome.value, "seconds": seconds, "detail": self.detail}


@dataclass(frozen=True)
class PythonFacts:
    """The interpreter of a run. Version and implementation are empty if it could not be started.

    Attributes:
        platform: The platform that it ran on, in words.
        emulator: The emulator of the platform, if any.
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
    """The smoke test of a wheel on one interpreter."""

    python: PythonFacts
    outcome: Outcome
    reason: str = ""
    checks: tuple[CheckResult, ...] = ()

    @property
    def seconds(self) -> float:
        """Return the total time of all checks."""
        return sum(check.seconds for check in self.checks)

    def as_json(self) -> Json:
        """Return the run for reports."""
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
        """Return the report in the form of the `smoke-test` command."""
        return {"wheel": self.wheel.name, "sha256": self.sha256, "runs": [run.as_json() for run in self.runs]}

    def with_outcome(self, outcome: Outcome) -> list[Run]:
        """Return the runs with an outcome."""
        return [run for run in self.runs if run.outcome is outcome]


def failures(reports: Iterable[SmokeReport]) -> str:
    """Return a message for the user about all failed checks."""
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
    """Print a row for each wheel and interpreter: a table on a terminal, else plain columns."""
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
