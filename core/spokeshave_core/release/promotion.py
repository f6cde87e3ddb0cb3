"""The reports of `release promote` and `release compare`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class PromotedWheel:
    """A wheel of a promoted release.

    Attributes:
        source: The file name of the wheel that it was made from.
        changed: The paths of the files with new bytes.
        rewritten: Those of them that `--rewrite-text` named.
        kept: The paths of text files that still name a pre-release, because `--keep-text` allows it.
        tests: The number of passed smoke tests that count.
        unsearched: The packed files in which nobody searched for the old version, with the reason.
    """

    name: str
    source: str
    sha256: str
    changed: tuple[str, ...]
    rewritten: tuple[str, ...]
    kept: tuple[str, ...]
    tests: int
    unsearched: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromoteReport(Report):
    """`release promote`: the record that was written.

    Attributes:
        version: The new version.
        promoted_from: The old one.
        manifest_sha256: The sha256 of the new `release.json`, by which the record is known.
        untested: Whether a wheel was promoted without a passed smoke test.
        sdists: The file names of the sdists.
    """

    version: str
    promoted_from: str
    manifest_sha256: str
    untested: bool
    wheels: tuple[PromotedWheel, ...]
    sdists: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangedMember:
    """A file that differs between two wheels. `place`: the kind of position of the version, such as `metadata`."""

    name: str
    place: str


@dataclass(frozen=True)
class ComparedWheel:
    """A wheel and the one that was made from it.

    Attributes:
        payload_sha256: The sha256 of both without a version.
        equal: The number of files with the same bytes.
    """

    old: str
    new: str
    payload_sha256: Optional[str]
    changed: tuple[ChangedMember, ...]
    equal: int


@dataclass(frozen=True)
class CompareReport(Report):
    """`release compare`: two releases that differ in nothing but places of the version."""

    old_version: str
    new_version: str
    wheels: tuple[ComparedWheel, ...]
