"""What a release index lists, and the reports of its commands.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class IndexedSet(Report):
    """A release that an index lists. Its record is in the index too.

    Attributes:
        name: The release's name, such as `abacus`.
        channel: Such as `nightly` or `stable`.
        manifest_sha256: The sha256 by which its record is known.
        added: When it first came in, such as `2026-11-30T01:02:03.000000Z`: the upload time of its files, which stays
            the same when the index changes.
        projects: By normalized name.
        files: The number of files that are listed.
        size: The sum of their bytes.
        promoted_from: The sha256 by which the record of its source is known. None if it was not promoted.
        only: The globs of `--only`, if it is a part of the release. Empty if it is complete.
        yanked: The reason, which may be empty. None if it is not yanked.
        kept: Why `index prune` never removes it. None if it may.
        attested: The number of files that have a provenance (PEP 740).
    """

    name: str
    version: str
    channel: Optional[str]
    commit: Optional[str]
    manifest_sha256: str
    added: str
    projects: tuple[str, ...]
    files: int
    size: int
    promoted_from: Optional[str] = None
    only: tuple[str, ...] = ()
    yanked: Optional[str] = None
    kept: Optional[str] = None
    attested: int = 0

    @property
    def is_complete(self) -> bool:
        """Return whether it has all files of its release."""
        return not self.only


@dataclass(frozen=True)
class IndexChange:
    """What a command did with a set: `is_changed` is False if the index was as asked for already."""

    listed: IndexedSet
    is_changed: bool


@dataclass(frozen=True)
class IndexChangeReport(Report):
    """`index add`, `index yank`, `index keep` and `index remove`, whose set is no longer listed."""

    changes: tuple[IndexChange, ...]


@dataclass(frozen=True)
class IndexListReport(Report):
    """`index list` and `index rebuild`: the sets in the order in which they came in."""

    sets: tuple[IndexedSet, ...]


@dataclass(frozen=True)
class ServeReport(Report):
    """The addresses at which `spokeshave index serve` is ready.

    Attributes:
        url: The page for people.
        simple: The simple index, for pip and uv.
        json: The same as JSON only.
    """

    url: str
    simple: str
    json: str
