"""Whether there is anything new, and which version it gets: pure functions of what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spokeshave.release.nightly.known import KnownSet, newest
from spokeshave_core.problems import Problem, SpokeshaveError

_NO_LIMIT = "99999999"


class UndecidedError(SpokeshaveError):
    """A version that only the user can choose."""


@dataclass(frozen=True)
class Wanted:
    """What a release is to be made of.

    Attributes:
        day: The date of its commit, as YYYYMMDD.
        chosen_day: The date that the user gave instead.
        is_forced: Whether to make it even if there is nothing new.
        latest_day: The last date that a commit can have, as YYYYMMDD: a later one is the fault of a clock.
    """

    channel: str
    commit: str
    day: str
    chosen_day: str | None = None
    is_forced: bool = False
    latest_day: str = _NO_LIMIT


@dataclass(frozen=True)
class Known:
    """The releases that are known, of all channels.

    Attributes:
        recorded: The records on this machine.
        indexes: The sets of each index that the release goes to.
        has_others: Whether it also goes to a destination whose sets are not known, such as `@testpypi`.
    """

    recorded: tuple[KnownSet, ...] = ()
    indexes: tuple[tuple[KnownSet, ...], ...] = ()
    has_others: bool = False

    @property
    def all(self) -> tuple[KnownSet, ...]:
        """Return all of them. One set may be known twice."""
        return (*self.recorded, *(each for index in self.indexes for each in index))

    def newest(self, channel: str) -> KnownSet | None:
        """Return the newest complete set of a channel: on an index, or the newest record if no index is known."""
        published = [each for index in self.indexes for each in index]
        return _newest_of(channel, published if self.indexes else self.recorded)

    def replaced(self, channel: str) -> tuple[KnownSet, ...]:
        """Return what users of each index have: its newest complete set. Empty if an index has none, or without one."""
        found = [_newest_of(channel, index) for index in self.indexes]
        return tuple(each for each in found if each is not None) if None not in found else ()

    def unfinished(self, channel: str) -> KnownSet | None:
        """Return the newest record, if no known set is newer. None if each index has it, or cannot get it."""
        last = _newest_of(channel, self.all)
        is_everywhere = bool(self.indexes) and all(_has(index, last) for index in self.indexes)
        if last is None or last not in self.recorded or is_everywhere or self.is_refused(last):
            return None
        return last

    def is_refused(self, wanted: KnownSet) -> bool:
        """Return whether an index lists other content under the version of a set."""
        listed = (each for index in self.indexes for each in index)
        return any(each.version == wanted.version and each.content != wanted.content for each in listed)

    def is_recorded(self, version: str) -> bool:
        """Return whether a version has a folder among the records, with any content."""
        return any(each.version == version for each in self.recorded)


def _has(index: Iterable[KnownSet], wanted: KnownSet | None) -> bool:
    return wanted is not None and any(each.version == wanted.version and each.is_complete for each in index)


def _newest_of(channel: str, sets: Iterable[KnownSet]) -> KnownSet | None:
    return newest(each for each in sets if each.channel == channel and each.is_complete)


@dataclass(frozen=True)
class NothingNew:
    """The release of this commit exists, and is wherever it is to go."""

    existing: KnownSet


@dataclass(frozen=True)
class Continue:
    """The release of this commit was recorded, and may not be everywhere yet: publish the record."""

    recorded: KnownSet


@dataclass(frozen=True)
class Build:
    """The release has to be built.

    Attributes:
        day: The date in its version, as YYYYMMDD.
        number: Of the release on its day: 0 for the first, which has no `.post`.
        replaced: What users of each index have. If all of them install the same, there is nothing new. Empty if an
            index has none, and if the release is older than the newest and only fills a gap.
        unfinished: The newest record, which may not be everywhere yet. If it installs the same, it is published.
    """

    day: str
    number: int = 0
    replaced: tuple[KnownSet, ...] = ()
    unfinished: KnownSet | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """Return the options of ./pants that give it its version."""
        post = (f"--release-version-post={self.number}",) if self.number else ()
        return (f"--release-version-date={self.day}", *post)


def decide(wanted: Wanted, known: Known, comes_before: Callable[[str], bool]) -> NothingNew | Continue | Build:
    """Return what to do for a commit.

    Args:
        comes_before: Whether the commit is an ancestor of another one.

    Raises:
        UndecidedError: If the version would be the newest, but the commit is older.
        SpokeshaveError: Those of `comes_before`.
    """
    if wanted.is_forced:
        return _new_version(wanted, known, comes_before)
    same = newest(each for each in known.all if _is_of(wanted, each))
    if same is not None and _is_everywhere(wanted, known):
        return NothingNew(same)
    recorded = newest(each for each in known.recorded if _is_complete(wanted, each) and not known.is_refused(each))
    if recorded is not None:
        return Continue(recorded)
    if same is not None and same.day and not known.is_recorded(same.version) and not known.is_refused(same):
        # A part of it is on an index, or another index has it: the same commit gives the same version and bytes.
        return Build(same.day, same.number)
    return _new_version(wanted, known, comes_before)


def _is_of(wanted: Wanted, known: KnownSet) -> bool:
    return known.commit == wanted.commit and known.channel == wanted.channel


def _is_complete(wanted: Wanted, known: KnownSet) -> bool:
    return known.is_complete and _is_of(wanted, known)


def _is_everywhere(wanted: Wanted, known: Known) -> bool:
    """Return whether the release of the commit is wherever it goes. Indexes get it last, and so stand for others.

    A record proves nothing: its tries may have failed, or its publication.
    """
    return bool(known.indexes) and all(any(_is_complete(wanted, each) for each in index) for index in known.indexes)


def _new_version(wanted: Wanted, known: Known, comes_before: Callable[[str], bool]) -> Build:
    last = known.newest(wanted.channel)
    day = wanted.chosen_day or _checked_day(wanted)
    fills_gap = False
    if last is not None and last.day is not None and day <= last.day:
        if wanted.chosen_day:
            fills_gap = day < last.day
        elif last.commit:
            fills_gap = _fills_gap(wanted, last, comes_before)
            # If it does not, its clock was behind. What is newer has to sort above.
            day = day if fills_gap else last.day
    numbers = [each.number for each in known.all if each.day == day]
    return Build(
        day=day,
        number=max(numbers) + 1 if numbers else 0,
        replaced=() if fills_gap else known.replaced(wanted.channel),
        unfinished=None if fills_gap else known.unfinished(wanted.channel),
    )


def _checked_day(wanted: Wanted) -> str:
    if wanted.day <= wanted.latest_day:
        return wanted.day
    date = f"{wanted.day[:-4]}-{wanted.day[-4:-2]}-{wanted.day[-2:]}"
    message = (
        f"has the committer date {date}, which is in the future: all releases until then would sort before this one"
    )
    remedy = "Correct the date of the commit, or give one for the version with --date."
    raise UndecidedError(Problem(f"commit {wanted.commit[:12]}", message, remedy))


def _fills_gap(wanted: Wanted, last: KnownSet, comes_before: Callable[[str], bool]) -> bool:
    """Return whether a commit is older than that of the newest release."""
    if not last.commit or wanted.commit == last.commit or not comes_before(last.commit):
        return False
    if wanted.day == last.day:
        message = f"is from before {last.version} of the same day, and would become the newest release"
        remedy = "Give another date for its version, such as --date with the day before."
        raise UndecidedError(Problem(f"commit {wanted.commit[:12]}", message, remedy))
    return True
