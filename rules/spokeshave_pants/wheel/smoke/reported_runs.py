"""Smoke tests that were run on other machines, as the reports of `spokeshave smoke-test` tell of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_core.outcomes import Outcome
from spokeshave_core.reports import InvalidReportError, SmokeRun, SmokeTestReports
from spokeshave_pants.errors import Problems, SpokeshaveError
from spokeshave_pants.python_abi import PythonVersion

_REMEDY = "Write it with `spokeshave smoke-test --report`, or take it out of `[wheel-smoke].reports`."


class InvalidSmokeReportError(SpokeshaveError):
    """A file that is no report of `spokeshave smoke-test`."""


@dataclass(frozen=True)
class ElsewhereRun:
    """A smoke test of one wheel, known by its bytes, on one Python of another machine."""

    file: str
    wheel: str
    sha256: str
    run: SmokeRun

    @property
    def where(self) -> str:
        """The machine, such as `macOS 14.5 arm64`."""
        return self.run.python.platform or "another machine"


def parse_reports(files: Iterable[tuple[str, str]]) -> tuple[ElsewhereRun, ...]:
    """The runs in reports, given by path and text; a run that had no Python to run on is left out.

    Raises:
        InvalidSmokeReportError: With every file that is not a report.
    """
    problems = Problems()
    runs: list[ElsewhereRun] = []
    for path, text in files:
        try:
            reports = SmokeTestReports.from_json(text).reports
        except InvalidReportError as error:
            problems.add_text(f"{path} is not a report of smoke tests: {error}. {_REMEDY}")
            continue
        runs += [
            ElsewhereRun(path, report.wheel, report.sha256, run)
            for report in reports
            for run in report.runs
            if run.outcome is not Outcome.NOT_RUN and run.python.abi_version
        ]
    problems.raise_if_any(InvalidSmokeReportError)
    return tuple(runs)


def matching_run(runs: Iterable[ElsewhereRun], sha256: str, version: PythonVersion) -> ElsewhereRun | None:
    """The run of exactly these bytes on a Python; one that failed outweighs those that passed."""
    found = [run for run in runs if run.sha256 == sha256 and run.run.python.abi_version == str(version)]
    return min(found, key=lambda run: (run.run.outcome is Outcome.PASSED, run.file), default=None)


def other_bytes(runs: Iterable[ElsewhereRun], wheel: str, sha256: str) -> str:
    """What to tell where reports have a wheel of this name with other bytes; empty where none has."""
    files = sorted({run.file for run in runs if run.wheel == wheel and run.sha256 != sha256})
    if not files:
        return ""
    return (
        f"{', '.join(files)} tells of other bytes under the name {wheel}, and does not count: test the wheel whose "
        f"sha256 is {sha256}"
    )
