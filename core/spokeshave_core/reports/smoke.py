"""The report of `smoke-test`, and the runs in reports of other machines.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

from spokeshave_core.json_values import Json, to_value
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.reports.report import InvalidReportError, Report


@dataclass(frozen=True)
class CheckResult:
    """One check of a smoke test. `detail` says what went wrong and what to do, or what was counted."""

    name: str
    outcome: Outcome
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class PythonFacts:
    """The interpreter of a smoke test.

    Attributes:
        version: Empty where the interpreter could not be started, as is `implementation`.
        platform: The machine and system in words.
        emulator: What emulated that, if anything did.
    """

    path: str
    version: str = ""
    implementation: str = ""
    platform: str = ""
    emulator: str = ""
    free_threaded: bool = False

    @property
    def abi_version(self) -> Optional[str]:
        """`3.13` or `3.13t`; None where the interpreter could not be started."""
        found = re.match(r"3\.\d+", self.version)
        return found[0] + ("t" if self.free_threaded else "") if found else None

    def __str__(self) -> str:
        name = f"{self.implementation} {self.version}" if self.version else self.path
        return f"{name} ({self.emulator})" if self.emulator else name


@dataclass(frozen=True)
class SmokeRun:
    """A smoke test of a wheel on one interpreter."""

    python: PythonFacts
    outcome: Outcome
    reason: str = ""
    checks: tuple[CheckResult, ...] = ()

    @property
    def seconds(self) -> float:
        """Return the total time of all checks."""
        return sum(check.seconds for check in self.checks)


@dataclass(frozen=True)
class SmokeTestReport(Report):
    """`smoke-test`: all runs of one wheel."""

    wheel: str
    sha256: str
    runs: tuple[SmokeRun, ...]

    def with_outcome(self, outcome: Outcome) -> list[SmokeRun]:
        """The runs with an outcome."""
        return [run for run in self.runs if run.outcome is outcome]


@dataclass(frozen=True)
class SmokeTestReports(Report):
    """What `smoke-test` writes: an object for one wheel, a list for several."""

    reports: tuple[SmokeTestReport, ...]

    def _document(self) -> Json:
        documents = [to_value(report) for report in self.reports]
        return documents[0] if len(documents) == 1 else documents

    @classmethod
    def _fields(cls, document: Json) -> Json:
        return {"reports": document if isinstance(document, list) else [document]}


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


def matching_run(runs: Iterable[ReportedRun], sha256: str, version: PythonVersion) -> Optional[ReportedRun]:
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
