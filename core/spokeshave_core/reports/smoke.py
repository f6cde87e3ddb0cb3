"""The report of `smoke-test`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

import re
from dataclasses import dataclass
from typing import Optional

from spokeshave_core.json_values import Json, to_value
from spokeshave_core.outcomes import Outcome
from spokeshave_core.reports.report import Report


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
