"""The reports of `release fetch`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

import enum
from dataclasses import dataclass
from typing import Optional

from spokeshave_core.problems import Problem
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.reports.report import Report


class FetchOutcome(enum.Enum):
    """What came of one file.

    Attributes:
        ALREADY_THERE: The output had it, with the right sha256.
        FAILED: The output does not have it.
    """

    FETCHED = "fetched"
    ALREADY_THERE = "already there"
    FAILED = "failed"


@dataclass(frozen=True)
class FetchedFile:
    """A file that was wanted.

    Attributes:
        sha256: By the source, or by `--hashes`.
        size: In bytes; None if the source does not list it, and the file was not fetched.
    """

    name: str
    sha256: str
    size: Optional[int]
    outcome: FetchOutcome


@dataclass(frozen=True)
class ReleaseFetchReport(Report):
    """`release fetch`.

    Attributes:
        source: Without credentials.
        release: The set whose record was fetched. None for files of projects.
        files: Of a record, all that its `SHA256SUMS` lists.
        problems: Why files are missing.
    """

    source: str
    output: str
    files: tuple[FetchedFile, ...]
    release: Optional[IndexedSet] = None
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class OfferedFile:
    """A file of a project that a source lists.

    Attributes:
        yanked: The reason, which may be empty. None if it is not yanked.
    """

    name: str
    project: str
    version: str
    sha256: Optional[str]
    size: Optional[int]
    yanked: Optional[str] = None


@dataclass(frozen=True)
class ReleaseOfferReport(Report):
    """`release fetch --list`: the sets of a release index, or the files of projects."""

    source: str
    sets: tuple[IndexedSet, ...] = ()
    files: tuple[OfferedFile, ...] = ()
