"""The report of `release check`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional

from spokeshave_core.outcomes import CheckOutcome
from spokeshave_core.problems import Problem
from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class CheckedDistribution:
    """A wheel or an sdist that was checked.

    Attributes:
        project: The project's normalized name; None if the file's name is invalid, and so for `version`.
        size: In bytes.
        outcome: Whether anything is wrong with the file itself or with its place in the set.
    """

    name: str
    project: Optional[str]
    version: Optional[str]
    sha256: str
    size: int
    outcome: CheckOutcome


@dataclass(frozen=True)
class ProjectSpace:
    """The space of a project on a destination, in bytes.

    Attributes:
        used: None if the destination does not list the sizes of its files.
        new: Of the files that it does not have yet.
        limit: None if it is not known.
    """

    project: str
    used: Optional[int]
    new: int
    limit: Optional[int]


@dataclass(frozen=True)
class CheckedDestination:
    """A destination, and the outcome of each file for it by name. Without files if it could not be read."""

    destination: str
    files: dict[str, CheckOutcome]
    projects: tuple[ProjectSpace, ...]


@dataclass(frozen=True)
class CheckReport(Report):
    """`release check`.

    Attributes:
        version: That of the record; None for files without one.
        notes: What a user should know and need not fix, such as a changelog that names a release candidate.
    """

    version: Optional[str]
    files: tuple[CheckedDistribution, ...]
    destinations: tuple[CheckedDestination, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
