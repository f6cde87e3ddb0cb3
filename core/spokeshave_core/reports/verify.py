"""The report of `verify`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass

from spokeshave_core.outcomes import Rule
from spokeshave_core.problems import Problem
from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class Finding:
    """A finding of the verification: a problem and the rule that found it."""

    rule: Rule
    place: str
    message: str
    remedy: str

    @property
    def problem(self) -> Problem:
        """The finding without its rule."""
        return Problem(self.place, self.message, self.remedy)

    def __str__(self) -> str:
        return f"{self.problem} [{self.rule.value}]"


@dataclass(frozen=True)
class VerifyReport(Report):
    """`verify`: everything that was found; nothing for a wheel that is as it should be."""

    findings: tuple[Finding, ...]
