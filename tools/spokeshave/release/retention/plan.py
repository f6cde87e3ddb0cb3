"""What a policy does to the sets that an index has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spokeshave.release.index.folder import InvalidIndexError, ReleaseIndex
from spokeshave.release.index.upload_time import parse_time
from spokeshave.release.retention.holds import holds_of_set
from spokeshave.release.retention.retention import Holds, RetentionPolicy, channel_of, decide
from spokeshave_core.problems import Problems
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.retention import PruneReport, SetDecision


@dataclass(frozen=True)
class PrunePlan:
    """The decisions about the sets of an index, which are in the order in which they came in."""

    sets: tuple[IndexedSet, ...]
    decisions: tuple[SetDecision, ...]

    def staying(self) -> tuple[IndexedSet, ...]:
        """Return the sets that stay."""
        return tuple(listed for listed, made in zip(self.sets, self.decisions) if not made.is_removed)


def plan_prune(
    index: ReleaseIndex, sets: Sequence[IndexedSet], policy: RetentionPolicy, outside: Sequence[Holds]
) -> PrunePlan:
    """Return what a policy does to sets.

    Raises:
        SpokeshaveError: If it is not known what a set needs that stays.
    """
    _check_times(index, sets)
    return PrunePlan(tuple(sets), decide(sets, policy, lambda listed: holds_of_set(index, listed), outside))


def prune_report(index: ReleaseIndex, plan: PrunePlan, policy: RetentionPolicy, *, is_dry_run: bool) -> PruneReport:
    """Return the report of a run, before anything is removed."""
    return PruneReport(
        index=str(index.folder),
        now=policy.now.isoformat(),
        sets=plan.decisions,
        freed=sum(made.size for made in plan.decisions if made.is_removed),
        is_dry_run=is_dry_run,
        notes=tuple(_notes(plan.sets, policy)),
    )


def _check_times(index: ReleaseIndex, sets: Sequence[IndexedSet]) -> None:
    problems = Problems()
    for listed in sets:
        try:
            parse_time(listed.added)
        except ValueError:
            place = f"{index.folder}: {listed.name} {listed.version}"
            problems.add(place, f"came in at {listed.added!r}, which is not a time", "Run `spokeshave index verify`.")
    problems.raise_if_any(InvalidIndexError)


def _notes(sets: Sequence[IndexedSet], policy: RetentionPolicy) -> Iterator[str]:
    """Yield the names that no set of the index has."""
    for channel in sorted(policy.channels - {channel_of(listed) for listed in sets}):
        yield f"--channel {channel}: the index has no set of this channel"
    for release in sorted(policy.releases - {listed.name for listed in sets}):
        yield f"--release {release}: the index has no set of this release"
    for kept in policy.kept:
        if not any(kept.matches(listed) for listed in sets):
            yield f"{kept.source}: the index has no set {kept.version}{f' of {kept.name}' if kept.name else ''}"
