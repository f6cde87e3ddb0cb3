"""The outcomes of smoke tests as a table, and the failures as text."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from spokeshave_core.outcomes import Outcome
from spokeshave_core.reports.smoke import SmokeRun, SmokeTestReport

_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_RUN: "yellow"}


def failures(reports: Iterable[SmokeTestReport]) -> str:
    """Return a message for the user about all failed checks."""
    lines = [
        f"{report.wheel} on {run.python}: {check.name}: {check.detail}"
        for report in reports
        for run in report.with_outcome(Outcome.FAILED)
        for check in run.checks
        if check.outcome is Outcome.FAILED
    ]
    return "\n".join(lines)


_HEADINGS = ("wheel", "python", "outcome", "checks", "seconds", "reason")


def print_table(reports: Sequence[SmokeTestReport]) -> None:
    """Print a row for each wheel and interpreter: a table on a terminal, else plain columns."""
    rows = [(report.wheel, run) for report in reports for run in report.runs]
    if sys.stdout.isatty():
        _print_rich(rows)
    else:
        _print_plain([_HEADINGS, *(_cells(wheel, run) for wheel, run in rows)])


def _cells(wheel: str, run: SmokeRun) -> tuple[str, ...]:
    passed = sum(check.outcome is Outcome.PASSED for check in run.checks)
    checks = f"{passed}/{len(run.checks)}" if run.checks else ""
    seconds = f"{run.seconds:.1f}" if run.checks else ""
    reason = (run.reason.splitlines() or [""])[0]
    return (wheel, str(run.python), run.outcome.value, checks, seconds, reason)


def _print_rich(rows: Iterable[tuple[str, SmokeRun]]) -> None:
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
