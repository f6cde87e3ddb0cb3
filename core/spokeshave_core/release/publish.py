"""The reports of `release publish` and `release status`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional

from spokeshave_core.outcomes import Presence, PublishEnd, PublishOutcome
from spokeshave_core.problems import Problem
from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class PublishedFile:
    """A file of the release and what came of it.

    Attributes:
        attempts: How often this run sent it.
    """

    name: str
    project: str
    sha256: str
    size: int
    outcome: PublishOutcome
    attempts: int = 0


@dataclass(frozen=True)
class PublishReport(Report):
    """`release publish`.

    Attributes:
        manifest_sha256: The sha256 by which the record is known.
        destination: As it was given, without credentials.
        files: In the order in which they are sent.
        continue_with: The command that continues; None if nothing is left to do.
        only: The globs of `--only`, if a part of the release was meant. `files` are those of the part.
        left_out: The other files of the release that the destination does not have. Empty if it is complete.
    """

    release: str
    version: str
    manifest_sha256: str
    destination: str
    end: PublishEnd
    files: tuple[PublishedFile, ...]
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    continue_with: Optional[str] = None
    only: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileStatus:
    """What a destination has of one file.

    Attributes:
        is_visible: Whether installers see it; False for a file that is not there.
        yanked: The reason for which it was yanked, which may be empty; None if it was not, or is not there.
    """

    name: str
    project: str
    sha256: str
    size: int
    presence: Presence
    is_visible: bool
    yanked: Optional[str] = None


@dataclass(frozen=True)
class DestinationStatus:
    """What a destination has of a release.

    Attributes:
        problems: Why it could not be read.
        only: The globs of `--only`, if only parts were published there from here, and it is not complete.
    """

    destination: str
    end: PublishEnd
    files: tuple[FileStatus, ...]
    problems: tuple[Problem, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class StatusReport(Report):
    """`release status`."""

    release: str
    version: str
    manifest_sha256: str
    destinations: tuple[DestinationStatus, ...]
