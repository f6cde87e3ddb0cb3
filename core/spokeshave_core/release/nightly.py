"""The report of `release nightly`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional

from spokeshave_core.outcomes import NightlyEnd, Outcome
from spokeshave_core.problems import Problem
from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class NightlyStep:
    """A step of a nightly release.

    Attributes:
        name: `build`, `check`, `try`, `publish` or `prune`.
        subject: The commit, or the destination as it was given.
        outcome: `not run` after a step that failed, and in a dry run.
    """

    name: str
    subject: str
    outcome: Outcome
    seconds: float = 0.0


@dataclass(frozen=True)
class NightlyReport(Report):
    """`release nightly`.

    Attributes:
        release: The release's name.
        commit: The full hash.
        reason: Why it was or was not released, such as `main has a new commit`.
        version: None before the build.
        record: The folder of the record. None if there is none.
        newest: The version of the newest complete release of the channel before this run. None if there was none.
    """

    release: str
    channel: str
    commit: str
    end: NightlyEnd
    reason: str
    version: Optional[str] = None
    record: Optional[str] = None
    newest: Optional[str] = None
    steps: tuple[NightlyStep, ...] = ()
    problems: tuple[Problem, ...] = ()
