"""The report of `upload`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.outcomes import UploadOutcome
from spokeshave_core.problems import Problem
from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class UploadedFile:
    """A wheel and the outcome of its upload."""

    wheel: str
    sha256: str
    outcome: UploadOutcome


@dataclass(frozen=True)
class UploadReport(Report):
    """`upload`. `index` is the upload endpoint, without credentials."""

    index: str
    files: tuple[UploadedFile, ...]
    problems: tuple[Problem, ...] = ()
