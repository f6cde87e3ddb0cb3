"""Whether there is anything new, and which version it gets: pure functions of what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spokeshave.release.nightly.known import KnownSet, newest
from spokeshave_core.problems import Problem, SpokeshaveError


class UndecidedError(SpokeshaveError):
    """A version that only the user can choose."""


@dataclass(frozen=True)
class Wanted:
    """What a release is to be made of.

    Attributes:
        day: The date of its commit, as YYYYMMDD.
        chosen_day: The date that the user gave instead.
        is_forced: Whether to make it even if there is nothing new.
    """

    channel: str
    commit: str
    day: str
    chosen_day: str | None = None
    is_forced: bool = False


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
        """Return the newest complete set of a channel that users have: on an index, or else the newest record."""
        indexed = [each for index in self.indexes for each in index]
        published = indexed if self.indexes else self.recorded
        return newest(each for each in published if each.channel == channel and each.is_complete)


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
        newest: What it replaces. None if there is none, or if it is older than the newest and only fills a gap.
    """

    day: str
    number: int = 0
    newest: KnownSet | None = None

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
    last = known.newest(wanted.channel)
    same = None if wanted.is_forced else newest(each for each in known.all if _is_of(wanted, each))
    if same is not None and _is_everywhere(wanted, known):
        return NothingNew(same)
    recorded = newest(each for each in known.recorded if _is_of(wanted, each) and each.is_complete)
    if recorded is not None and not wanted.is_forced:
        return Continue(recorded)
    if same is not None and same.day:
        # A part of it is on an index, or another index has it: the same commit gives the same version and bytes.
        return Build(same.day, same.number)
    return _new_version(wanted, known, last, comes_before)


def _is_of(wanted: Wanted, known: KnownSet) -> bool:
    return known.commit == wanted.commit and known.channel == wanted.channel


def _is_everywhere(wanted: Wanted, known: Known) -> bool:
    """Return whether the release of the commit is wherever it goes. Indexes get it last, and so stand for others."""
    if not known.indexes and known.has_others:
        return False
    places = known.indexes or (known.recorded,)
    return all(any(_is_of(wanted, each) and each.is_complete for each in place) for place in places)


def _new_version(wanted: Wanted, known: Known, last: KnownSet | None, comes_before: Callable[[str], bool]) -> Build:
    day = wanted.chosen_day or wanted.day
    fills_gap = False
    if last is not None and last.day is not None and last.commit and day <= last.day:
        fills_gap = wanted.commit != last.commit and comes_before(last.commit)
        if fills_gap and day == last.day:
            message = f"is from before {last.version} of the same day, and would become the newest release"
            remedy = "Give another date for its version, such as --date with the day before."
            raise UndecidedError(Problem(f"commit {wanted.commit[:12]}", message, remedy))
        if not fills_gap and not wanted.chosen_day:
            # Its clock was behind. What is newer has to sort above.
            day = last.day
    numbers = [each.number for each in known.all if each.day == day]
    return Build(day, max(numbers) + 1 if numbers else 0, None if fills_gap else last)
