"""The decision about each set of an index: it stays, for these reasons, or it is removed.

The policy applies to the channels that it names, and to no other. Sets are counted for each release and channel, from
the newest. A set that stays holds the set that it was promoted from, and each set that its files pin to one version. So
a second run with the same policy, at the same time, removes nothing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave.errors import counted
from spokeshave.release.index.upload_time import parse_time
from spokeshave.release.retention.pins import Pin
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import PromotedFrom
from spokeshave_core.release.retention import RetentionReason, SetDecision, StayReason

NO_CHANNEL = "none"
"""The name of the channel of a set that has none."""


@dataclass(frozen=True)
class KeptVersion:
    """A version that is never removed.

    Attributes:
        name: The normalized name of its release, or of a project of it. None for any release.
        source: Where it is named.
    """

    name: str | None
    version: Version
    source: str

    def matches(self, listed: IndexedSet) -> bool:
        """Return whether a set is the version's. One without a local version is each of them, as in a pin."""
        version = Version(listed.version)
        names = (canonicalize_name(listed.name), *listed.projects)
        return self.version in (version, Version(version.public)) and self.name in (None, *names)


@dataclass(frozen=True)
class RetentionPolicy:
    """Which sets are removed: those that are neither among the newest nor young.

    Attributes:
        now: The time from which ages are counted.
        channels: The channels that are pruned.
        keep: The number of complete sets of a release and channel that stay. None if their number does not matter.
        age: Younger sets stay. None if their age does not matter.
        releases: The releases that are pruned. Empty for all.
        kept: The versions that stay.
    """

    now: datetime
    channels: frozenset[str]
    keep: int | None = None
    age: timedelta | None = None
    releases: frozenset[str] = frozenset()
    kept: tuple[KeptVersion, ...] = ()


@dataclass(frozen=True)
class Holds:
    """What something needs of an index: the versions that it pins, and the release that it was promoted from.

    Attributes:
        holder: Its name for messages, such as `abacus 3.12.0`.
        pins: Without those of the projects of its own release.
        release: The release that it is a version of. None for a file of a downstream.
    """

    holder: str
    pins: tuple[Pin, ...] = ()
    release: str | None = None
    promoted_from: PromotedFrom | None = None


def decide(
    sets: Sequence[IndexedSet],
    policy: RetentionPolicy,
    holds_of: Callable[[IndexedSet], Holds],
    outside: Iterable[Holds] = (),
) -> tuple[SetDecision, ...]:
    """Return the decision about each set, in their order.

    Args:
        holds_of: Returns what a set holds. It is called for sets that stay, if any set might be removed.
        outside: What else holds sets: the files of downstreams, and records that are not in the index.
    """
    groups: dict[tuple[str, str], list[IndexedSet]] = defaultdict(list)
    for listed in sets:
        groups[listed.name, channel_of(listed)].append(listed)
    verdicts: dict[IndexedSet, _Verdict] = {}
    for group in groups.values():
        verdicts.update(_decide_group(group, policy))
    _hold(sets, verdicts, holds_of, outside)
    return tuple(_decision(listed, verdicts[listed]) for listed in sets)


def channel_of(listed: IndexedSet) -> str:
    """Return the channel of a set, or the name for sets without one."""
    return listed.channel or NO_CHANNEL


@dataclass
class _Verdict:
    """The decision about a set while it is made.

    Attributes:
        removal: Why it would be removed if nothing held it.
    """

    stays: list[StayReason] = field(default_factory=list)
    removal: str = ""


def _decide_group(group: Sequence[IndexedSet], policy: RetentionPolicy) -> Iterator[tuple[IndexedSet, _Verdict]]:
    """Yield what the policy alone decides about the sets of one release and channel."""
    by_age = sorted(group, key=_age_order, reverse=True)
    last_resort = _last_resort(by_age)
    newer = 0
    for listed in by_age:
        stays = [*_scope_reasons(listed, policy)] or [*last_resort.get(listed, ()), *_reasons(listed, newer, policy)]
        yield listed, _Verdict(stays, _removal(listed, newer, policy))
        newer += _counts(listed)


def _age_order(listed: IndexedSet) -> tuple[datetime, Version]:
    """Return the order of sets by age. Of sets that came in at one time, the higher version is the newer one."""
    return parse_time(listed.added), Version(listed.version)


def _counts(listed: IndexedSet) -> bool:
    """Return whether a set counts as one of the newest: installers choose it, and it has all files."""
    return listed.is_complete and listed.yanked is None


def _last_resort(by_age: Sequence[IndexedSet]) -> Mapping[IndexedSet, Sequence[StayReason]]:
    """Return the sets that no policy removes: the newest, and the one that installers choose.

    These are the newest and the highest version of the complete sets that are not yanked, or if there are none, of the
    complete ones, or of all.
    """
    complete = [listed for listed in by_age if listed.is_complete]
    pool = [listed for listed in complete if _counts(listed)] or complete or by_age
    kind = "complete set" if complete else "set"
    found: dict[IndexedSet, list[StayReason]] = defaultdict(list)
    found[pool[0]].append(StayReason(RetentionReason.NEWEST, f"the newest {kind}"))
    highest = max(pool, key=lambda listed: Version(listed.version))
    if highest != pool[0]:
        found[highest].append(StayReason(RetentionReason.HIGHEST, "the highest version, which installers choose"))
    return found


def _scope_reasons(listed: IndexedSet, policy: RetentionPolicy) -> Iterator[StayReason]:
    """Yield why the policy does not apply to a set."""
    if channel_of(listed) not in policy.channels:
        yield StayReason(RetentionReason.OTHER_CHANNEL, f"the channel {channel_of(listed)} is not pruned")
    elif policy.releases and listed.name not in policy.releases:
        yield StayReason(RetentionReason.OTHER_RELEASE, f"the release {listed.name} is not pruned")


def _reasons(listed: IndexedSet, newer: int, policy: RetentionPolicy) -> Iterator[StayReason]:
    """Yield why the policy lets a set stay.

    Args:
        newer: The number of complete sets that are newer.
    """
    if listed.kept is not None:
        yield StayReason(RetentionReason.KEPT, f"kept: {listed.kept}" if listed.kept else "kept")
    for kept in policy.kept:
        if kept.matches(listed):
            yield StayReason(RetentionReason.KEEP_FILE, f"named in {kept.source}")
    if policy.keep is not None and newer < policy.keep:
        text = "among the newest" if _counts(listed) else "not older than the newest"
        yield StayReason(RetentionReason.AMONG_NEWEST, f"{text} {policy.keep}")
    if policy.age is not None and policy.now - parse_time(listed.added) < policy.age:
        yield StayReason(RetentionReason.YOUNG, f"younger than {counted(policy.age.days, 'day')}")


def _removal(listed: IndexedSet, newer: int, policy: RetentionPolicy) -> str:
    """Return why a set is removed, if nothing holds it."""
    texts = []
    if policy.keep is not None:
        texts.append(f"{counted(newer, 'complete set')} {'is' if newer == 1 else 'are'} newer")
    if policy.age is not None:
        texts.append(f"{counted((policy.now - parse_time(listed.added)).days, 'day')} old")
    return ", ".join(texts)


def _hold(
    sets: Sequence[IndexedSet],
    verdicts: Mapping[IndexedSet, _Verdict],
    holds_of: Callable[[IndexedSet], Holds],
    outside: Iterable[Holds],
) -> None:
    """Add reasons to sets that would be removed: what stays holds them, which may then hold others."""
    candidates = [listed for listed in sets if not verdicts[listed].stays]
    if not candidates:
        return
    lookup = _Lookup(candidates)
    waiting = deque(listed for listed in sets if verdicts[listed].stays)
    for holds in outside:
        _add_holds(lookup, holds, verdicts, waiting)
    while waiting:
        _add_holds(lookup, holds_of(waiting.popleft()), verdicts, waiting)


def _add_holds(
    lookup: _Lookup, holds: Holds, verdicts: Mapping[IndexedSet, _Verdict], waiting: deque[IndexedSet]
) -> None:
    for listed, reason in lookup.held_by(holds):
        stays = verdicts[listed].stays
        if not stays:
            waiting.append(listed)
        if reason not in stays:
            stays.append(reason)


class _Lookup:
    """Sets by what can refer to them."""

    def __init__(self, sets: Iterable[IndexedSet]) -> None:
        self._by_manifest: dict[str, list[IndexedSet]] = defaultdict(list)
        self._by_release: dict[tuple[str, Version], list[IndexedSet]] = defaultdict(list)
        self._by_project: dict[tuple[str, Version], list[IndexedSet]] = defaultdict(list)
        for listed in sets:
            version = Version(listed.version)
            self._by_manifest[listed.manifest_sha256].append(listed)
            self._by_release[listed.name, version].append(listed)
            for project in listed.projects:
                # A pin without a local version is one of each local version, too.
                for pinned in {version, Version(version.public)}:
                    self._by_project[project, pinned].append(listed)

    def held_by(self, holds: Holds) -> Iterator[tuple[IndexedSet, StayReason]]:
        """Yield the sets that something holds, and why."""
        for pin in holds.pins:
            for listed in self._by_project.get((pin.project, pin.version), ()):
                yield listed, StayReason(RetentionReason.PINNED, f"pinned by {holds.holder}{pin.detail}")
        for listed in self._sources(holds):
            yield listed, StayReason(RetentionReason.PROMOTED, f"{holds.holder} was promoted from it")

    def _sources(self, holds: Holds) -> Sequence[IndexedSet]:
        """Return the set that something was promoted from: by its manifest, or if that is not known, by its version."""
        source = holds.promoted_from
        if source is None:
            return ()
        if source.manifest_sha256 is not None:
            return self._by_manifest.get(source.manifest_sha256, ())
        return self._by_release.get((holds.release or "", Version(source.version)), ())


def _decision(listed: IndexedSet, verdict: _Verdict) -> SetDecision:
    states = {"partial": not listed.is_complete, "yanked": listed.yanked is not None}
    return SetDecision(
        name=listed.name,
        version=listed.version,
        channel=listed.channel,
        added=listed.added,
        size=listed.size,
        manifest_sha256=listed.manifest_sha256,
        state=tuple(state for state, applies in states.items() if applies),
        stays=tuple(verdict.stays),
        removal=None if verdict.stays else verdict.removal,
    )
