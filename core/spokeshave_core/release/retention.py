"""The report of `index prune`.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

import enum
from dataclasses import dataclass
from typing import Optional

from spokeshave_core.reports.report import Report


class RetentionReason(enum.Enum):
    """Why a set stays in an index.

    Attributes:
        OTHER_CHANNEL: Its channel is not one of those that are pruned.
        OTHER_RELEASE: Its release is not one of those that are pruned.
        KEPT: By `index keep`.
        KEEP_FILE: A line of the keep file names it.
        NEWEST: It is the newest complete set of its release and channel that is not yanked.
        HIGHEST: It has the highest version of these.
        AMONG_NEWEST: Fewer than `--keep` complete sets of its release and channel are newer.
        YOUNG: It is younger than `--days`.
        PINNED: A downstream, or a set that stays, pins it.
        PROMOTED: A set that stays, or a record that is given, was promoted from it.
    """

    OTHER_CHANNEL = "other channel"
    OTHER_RELEASE = "other release"
    KEPT = "kept"
    KEEP_FILE = "keep file"
    NEWEST = "newest"
    HIGHEST = "highest version"
    AMONG_NEWEST = "among the newest"
    YOUNG = "young"
    PINNED = "pinned"
    PROMOTED = "promoted"

    @property
    def is_out_of_scope(self) -> bool:
        """Return whether the policy does not apply to the set at all."""
        return self in (RetentionReason.OTHER_CHANNEL, RetentionReason.OTHER_RELEASE)


@dataclass(frozen=True)
class StayReason:
    """One reason for which a set stays. `text` has its details, such as what pins the set."""

    kind: RetentionReason
    text: str


@dataclass(frozen=True)
class SetDecision:
    """What becomes of a set.

    Attributes:
        size: The sum of its files' bytes.
        state: What is special about it: `partial`, `yanked`, both, or nothing.
        stays: Why it stays. Empty if it is removed.
        removal: Why it is removed. None if it stays.
    """

    name: str
    version: str
    channel: Optional[str]
    added: str
    size: int
    manifest_sha256: str
    state: tuple[str, ...] = ()
    stays: tuple[StayReason, ...] = ()
    removal: Optional[str] = None

    @property
    def is_removed(self) -> bool:
        """Return whether the set is removed."""
        return self.removal is not None


@dataclass(frozen=True)
class PruneReport(Report):
    """`index prune`.

    Attributes:
        now: The time from which ages were counted.
        sets: All sets of the index before the run, in the order in which they came in.
        freed: The sum of the bytes of the wheels and sdists of removed sets.
        is_dry_run: Whether nothing was removed.
        notes: What a user should know and need not fix, such as a channel without a set.
    """

    index: str
    now: str
    sets: tuple[SetDecision, ...]
    freed: int
    is_dry_run: bool
    notes: tuple[str, ...] = ()
