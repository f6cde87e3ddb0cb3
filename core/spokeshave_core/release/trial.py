"""The report of `release try`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.outcomes import Outcome
from spokeshave_core.reports.report import Report
from spokeshave_core.reports.smoke import CheckResult, PythonFacts


@dataclass(frozen=True)
class ResolvedFile:
    """What pip chooses on the index for the platform and Python of a wheel.

    Attributes:
        name: The wheel of the release.
        detail: What is wrong; empty if pip chose this file, with the sealed bytes.
    """

    name: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True)
class InstalledFile:
    """A file that pip installed from the index."""

    project: str
    version: str
    name: str
    sha256: str


@dataclass(frozen=True)
class TrialRun:
    """An installation of the release on one Python. `reason` says why it did not pass."""

    python: PythonFacts
    outcome: Outcome
    reason: str = ""
    installed: tuple[InstalledFile, ...] = ()
    checks: tuple[CheckResult, ...] = ()


@dataclass(frozen=True)
class TrialReport(Report):
    """`release try`. `index` is the simple index or the folder that everything came from."""

    release: str
    version: str
    index: str
    resolved: tuple[ResolvedFile, ...]
    runs: tuple[TrialRun, ...]
