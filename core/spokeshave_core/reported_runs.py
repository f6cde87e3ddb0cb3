"""Smoke tests that ran on other machines, from the reports of `spokeshave smoke-test`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.reports.report import InvalidReportError
from spokeshave_core.reports.smoke import SmokeRun, SmokeTestReports


class InvalidSmokeReportError(SpokeshaveError):
    """A file that is not a report of `spokeshave smoke-test`."""


@dataclass(frozen=True)
class ReportedRun:
    """A smoke test of one wheel, known by its bytes, on one Python of another machine."""

    file: str
    wheel: str
    sha256: str
    run: SmokeRun

    @property
    def where(self) -> str:
        """The machine, such as `macOS 14.5 arm64`."""
        return self.run.python.platform or "another machine"


def parse_reports(files: Iterable[tuple[str, str]], listed_in: str) -> tuple[ReportedRun, ...]:
    """The runs in reports, given by path and text; a run that had no Python to run on is left out.

    Args:
        listed_in: The option that names the reports, for messages.

    Raises:
        InvalidSmokeReportError: With every file that is not a report.
    """
    problems = Problems()
    runs: list[ReportedRun] = []
    for path, text in files:
        try:
            reports = SmokeTestReports.from_json(text).reports
        except InvalidReportError as error:
            remedy = f"Write it with `spokeshave smoke-test --report`, or remove it from {listed_in}."
            problems.add_text(f"{path} is not a report of smoke tests: {error}. {remedy}")
            continue
        runs += [
            ReportedRun(file=path, wheel=report.wheel, sha256=report.sha256, run=run)
            for report in reports
            for run in report.runs
            if run.outcome is not Outcome.NOT_RUN and run.python.abi_version
        ]
    problems.raise_if_any(InvalidSmokeReportError)
    return tuple(runs)


def matching_run(runs: Iterable[ReportedRun], sha256: str, version: PythonVersion) -> ReportedRun | None:
    """Return the run of exactly these bytes on a Python. A failed run takes precedence over passed ones."""
    found = [run for run in runs if run.sha256 == sha256 and run.run.python.abi_version == str(version)]
    return min(found, key=lambda run: (run.run.outcome is Outcome.PASSED, run.file), default=None)


def other_bytes(runs: Iterable[ReportedRun], wheel: str, sha256: str) -> str:
    """Return a note if reports contain a wheel of this name with other bytes. Empty otherwise."""
    files = sorted({run.file for run in runs if run.wheel == wheel and run.sha256 != sha256})
    if not files:
        return ""
    return (
        f"{', '.join(files)} describes other bytes with the name {wheel}, and does not count: test the wheel whose "
        f"sha256 is {sha256}"
    )
