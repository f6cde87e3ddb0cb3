"""Which sets a policy removes, and why the others stay."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from packaging.version import Version

from spokeshave.release.index.upload_time import parse_time
from spokeshave.release.retention.pins import Pin
from spokeshave.release.retention.retention import Holds, KeptVersion, RetentionPolicy, channel_of, decide
from spokeshave.testing.index_set_fixtures import indexed_set, manifest_of, partial, yanked
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import PromotedFrom
from spokeshave_core.release.retention import RetentionReason, SetDecision

NOW = datetime(2026, 11, 30, tzinfo=timezone.utc)
NIGHTLY = frozenset({"nightly"})
POLICY = RetentionPolicy(now=NOW, channels=NIGHTLY, keep=1)


def nights(count: int, *, name: str = "abacus") -> list[IndexedSet]:
    """One set for each day of November, the first on the 1st."""
    return [indexed_set(f"3.12.0rc202611{day:02}", f"2026-11-{day:02}", name=name) for day in range(1, count + 1)]


def nothing(listed: IndexedSet) -> Holds:
    return Holds(f"{listed.name} {listed.version}")


def decisions(
    sets: Sequence[IndexedSet], policy: RetentionPolicy = POLICY, outside: Sequence[Holds] = (), **holds: Holds
) -> dict[str, SetDecision]:
    """The decisions by version. `holds`: what a set holds, by its version with `v` before it and `_` for dots."""

    def holds_of(listed: IndexedSet) -> Holds:
        return holds.get(f"v{listed.version.replace('.', '_')}", nothing(listed))

    return {made.version: made for made in decide(sets, policy, holds_of, outside)}


def removed(made: Mapping[str, SetDecision]) -> list[str]:
    return [version for version, decision in made.items() if decision.is_removed]


def kinds(decision: SetDecision) -> list[RetentionReason]:
    return [reason.kind for reason in decision.stays]


def test_the_newest_sets_stay() -> None:
    made = decisions(nights(4), replace(POLICY, keep=2))
    assert removed(made) == ["3.12.0rc20261101", "3.12.0rc20261102"]
    assert made["3.12.0rc20261102"].removal == "2 complete sets are newer"
    assert kinds(made["3.12.0rc20261104"]) == [RetentionReason.NEWEST, RetentionReason.AMONG_NEWEST]
    assert kinds(made["3.12.0rc20261103"]) == [RetentionReason.AMONG_NEWEST]


def test_a_set_of_exactly_the_age_is_removed() -> None:
    sets = [indexed_set("1.0", "2026-11-20T00:00:00.000000Z"), indexed_set("1.1", "2026-11-20T00:00:00.000001Z")]
    made = decisions([*sets, indexed_set("1.2", "2026-11-29")], RetentionPolicy(NOW, NIGHTLY, age=timedelta(days=10)))
    assert removed(made) == ["1.0"]
    assert made["1.0"].removal == "10 days old"
    assert [reason.text for reason in made["1.1"].stays] == ["younger than 10 days"]


def test_a_set_stays_that_is_new_or_young() -> None:
    """Where the scientific-python channel removes a set that is old *or* beyond the number, this needs both."""
    policy = replace(POLICY, keep=2, age=timedelta(days=10))
    sets = [indexed_set(f"1.{number}", day) for number, day in enumerate(["2026-01-01", "2026-01-02", "2026-01-03"])]
    assert removed(decisions(sets, policy)) == ["1.0"]
    assert removed(decisions(nights(29), policy)) == [f"3.12.0rc202611{day:02}" for day in range(1, 21)]


def test_the_only_set_stays_at_any_age() -> None:
    made = decisions([indexed_set("1.0", "2001-01-01")], RetentionPolicy(NOW, NIGHTLY, age=timedelta(days=1)))
    assert kinds(made["1.0"]) == [RetentionReason.NEWEST]


def test_an_index_without_sets_has_no_decisions() -> None:
    assert decide([], POLICY, nothing) == ()


def test_other_channels_and_releases_are_not_touched() -> None:
    """Not even by what looks like the same: a channel is named, or left alone."""
    sets = [
        indexed_set(version, "2020-01-01", name=name, channel=channel)
        for name in ("abacus", "other")
        for channel in ("nightly", "stable", "rc", None)
        for version in ("1.0", "1.1")
    ]
    policy = replace(POLICY, releases=frozenset({"abacus"}))
    made = decide(sets, policy, nothing)
    assert [(each.name, each.channel, each.version) for each in made if each.is_removed] == [
        ("abacus", "nightly", "1.0")
    ]
    assert kinds(made[2]) == [RetentionReason.OTHER_CHANNEL]
    assert made[2].stays[0].text == "the channel stable is not pruned"
    assert made[6].stays[0].text == "the channel none is not pruned"
    assert kinds(made[8]) == [RetentionReason.OTHER_RELEASE]


def test_releases_and_channels_are_counted_by_themselves() -> None:
    sets = [
        indexed_set(f"{number}.{minor}", f"2026-10-1{minor}", name=name, channel=channel)
        for number, (name, channel) in enumerate([("abacus", "nightly"), ("abacus", None), ("other", "nightly")])
        for minor in (1, 2)
    ]
    policy = replace(POLICY, channels=frozenset({"nightly", "none"}))
    assert removed(decisions(sets, policy)) == ["0.1", "1.1", "2.1"]


def test_of_equal_times_the_higher_version_is_newer() -> None:
    sets = [indexed_set(version, "2026-11-01") for version in ("1.10", "1.9", "1.9rc1")]
    for order in (sets, sets[::-1]):
        assert sorted(removed(decisions(order))) == ["1.9", "1.9rc1"]


def test_the_highest_version_stays_if_another_is_newer() -> None:
    """A nightly of a maintenance branch is built after that of the main branch, which installers go on choosing."""
    made = decisions([indexed_set("3.13.0rc1", "2026-11-01"), indexed_set("3.12.1rc1", "2026-11-02")])
    assert removed(made) == []
    assert kinds(made["3.13.0rc1"]) == [RetentionReason.HIGHEST]
    assert kinds(made["3.12.1rc1"]) == [RetentionReason.NEWEST, RetentionReason.AMONG_NEWEST]


def test_partial_and_yanked_sets_do_not_count_as_newest() -> None:
    first, second, third, fourth = nights(4)
    made = decisions([first, second, partial(third), yanked(fourth, "broken")])
    assert removed(made) == [first.version]
    assert kinds(made[second.version]) == [RetentionReason.NEWEST, RetentionReason.AMONG_NEWEST]
    assert (made[third.version].state, made[fourth.version].state) == (("partial",), ("yanked",))


def test_partial_and_yanked_sets_go_with_those_of_their_age() -> None:
    first, second, third, fourth = nights(4)
    sets = [partial(first), yanked(second), third, fourth]
    assert removed(decisions(sets)) == [first.version, second.version, third.version]


@pytest.mark.parametrize("change", [yanked, partial])
def test_a_channel_of_unusable_sets_keeps_its_newest(change: object) -> None:
    sets = [change(listed) for listed in nights(3)]  # type: ignore[operator]
    old = RetentionPolicy(NOW + timedelta(days=99), NIGHTLY, age=timedelta(days=1))
    assert removed(decisions(sets, old)) == [sets[0].version, sets[1].version]


def test_a_yanked_set_is_kept_rather_than_a_part() -> None:
    first, second = nights(2)
    old = RetentionPolicy(NOW + timedelta(days=99), NIGHTLY, age=timedelta(days=1))
    made = decisions([yanked(first), partial(second)], old)
    assert removed(made) == [second.version]
    assert [reason.text for reason in made[first.version].stays] == ["the newest complete set"]


def test_a_yanked_set_is_not_the_last_complete_one() -> None:
    first, second, third = nights(3)
    old = RetentionPolicy(NOW + timedelta(days=99), NIGHTLY, age=timedelta(days=1))
    assert removed(decisions([first, yanked(second), partial(third)], old)) == [second.version, third.version]


def test_kept_sets_and_those_of_the_keep_file_stay() -> None:
    first, second, third, fourth, fifth = nights(5)
    kept = (
        KeptVersion(None, Version("3.12.0-rc.20261102"), "keep.txt, line 1"),
        KeptVersion("abacus-runtime", Version(third.version), "keep.txt, line 2"),
        KeptVersion("other", Version(fourth.version), "keep.txt, line 3"),
    )
    made = decisions(
        [replace(first, kept="a paper cites it"), second, third, fourth, fifth], replace(POLICY, kept=kept)
    )
    assert removed(made) == [fourth.version]
    assert [reason.text for reason in made[first.version].stays] == ["kept: a paper cites it"]
    assert [reason.text for reason in made[second.version].stays] == ["named in keep.txt, line 1"]
    assert kinds(made[third.version]) == [RetentionReason.KEEP_FILE]


def test_a_kept_version_is_kept_with_each_local_version() -> None:
    sets = [indexed_set(version, "2026-11-01") for version in ("1.0+cpu", "1.0+cuda", "1.1")]
    made = decisions(sets, replace(POLICY, kept=(KeptVersion("abacus", Version("1.0"), "keep.txt, line 1"),)))
    assert removed(made) == []
    made = decisions(sets, replace(POLICY, kept=(KeptVersion(None, Version("1.0+cpu"), "keep.txt, line 1"),)))
    assert removed(made) == ["1.0+cuda"]


def test_what_a_downstream_pins_stays() -> None:
    first, second, _ = nights(3)
    pins = (Pin("abacus-runtime", Version(first.version), ", line 7"), Pin("else", Version(second.version)))
    made = decisions(nights(3), outside=[Holds("requirements.txt", pins)])
    assert removed(made) == [second.version]
    assert [reason.text for reason in made[first.version].stays] == ["pinned by requirements.txt, line 7"]


def test_pins_are_followed_over_several_releases() -> None:
    """The newest tools pin a runtime, which pins a base: both stay, and what removed tools pin does not."""
    tools = [indexed_set(f"1.{day}", f"2026-11-0{day}", name="tools") for day in (1, 2)]
    runtimes = [indexed_set(f"2.{day}", f"2026-11-0{day}", name="runtime") for day in (1, 2, 3)]
    bases = [indexed_set(f"3.{day}", f"2026-11-0{day}", name="base") for day in (1, 2, 3, 4)]
    made = decisions(
        [*tools, *runtimes, *bases],
        v1_1=Holds("tools 1.1", (Pin("runtime-runtime", Version("2.1")),)),
        v1_2=Holds("tools 1.2", (Pin("runtime-runtime", Version("2.2")),)),
        v2_1=Holds("runtime 2.1", (Pin("base-runtime", Version("3.1")),)),
        v2_2=Holds("runtime 2.2", (Pin("base-runtime", Version("3.2")),)),
    )
    assert removed(made) == ["1.1", "2.1", "3.1", "3.3"]
    assert [reason.text for reason in made["3.2"].stays] == ["pinned by runtime 2.2"]


def test_a_pin_without_a_local_version_holds_each() -> None:
    sets = [indexed_set(version, "2026-11-01") for version in ("1.0+cpu", "1.0+cuda", "1.1")]
    outside = [Holds("a", (Pin("abacus-runtime", Version("1.0")),))]
    assert removed(decisions(sets, outside=outside)) == []
    outside = [Holds("a", (Pin("abacus-runtime", Version("1.0+cpu")),))]
    assert removed(decisions(sets, outside=outside)) == ["1.0+cuda"]


def test_what_a_set_was_promoted_from_stays_with_it() -> None:
    """The record of a set names its source by its manifest, or if that had none, by its version."""
    first, second, third, _ = nights(4)
    stable = [indexed_set(f"3.12.{number}", "2026-11-30", channel="stable") for number in range(2)]
    promoted = PromotedFrom(first.version, manifest_of("abacus", first.version))
    loose = PromotedFrom(second.version, None)
    other = PromotedFrom(third.version, "0" * 64)
    made = decisions(
        [*nights(4), *stable],
        outside=[Holds("abacus 3.12.2", release="abacus", promoted_from=other)],
        v3_12_0=Holds("abacus 3.12.0", release="abacus", promoted_from=promoted),
        v3_12_1=Holds("abacus 3.12.1", release="abacus", promoted_from=loose),
    )
    assert removed(made) == [third.version]
    assert [reason.text for reason in made[first.version].stays] == ["abacus 3.12.0 was promoted from it"]
    assert kinds(made[second.version]) == [RetentionReason.PROMOTED]


def test_a_source_goes_with_the_set_that_was_made_from_it() -> None:
    rc = indexed_set("1.0rc2", "2026-01-02", channel="rc")
    source = indexed_set("1.0rc1", "2026-01-01")
    sets = [source, rc, indexed_set("1.1rc1", "2026-01-03"), indexed_set("1.1rc2", "2026-01-04", channel="rc")]
    holds = Holds("abacus 1.0rc2", release="abacus", promoted_from=PromotedFrom(source.version, source.manifest_sha256))
    assert removed(decisions(sets, v1_0rc2=holds)) == []
    both = replace(POLICY, channels=frozenset({"nightly", "rc"}))
    assert removed(decisions(sets, both, v1_0rc2=holds)) == ["1.0rc1", "1.0rc2"]


def test_what_sets_hold_is_not_read_if_nothing_is_removed() -> None:
    def holds_of(listed: IndexedSet) -> Holds:
        raise AssertionError(listed)

    assert not any(each.is_removed for each in decide(nights(2), replace(POLICY, keep=2), holds_of))


def test_the_same_policy_removes_nothing_from_the_rest() -> None:
    """Random indexes: what stays is complete, has the newest of each channel, and stays a second time."""
    source = random.Random(14)
    for _ in range(100):
        sets = _random_index(source)
        pins = {listed: _random_pins(source, sets) for listed in sets}

        def holds_of(listed: IndexedSet, pins: Mapping[IndexedSet, tuple[Pin, ...]] = pins) -> Holds:
            return Holds(f"{listed.name} {listed.version}", pins[listed])

        policy = replace(POLICY, keep=source.choice([None, 1, 3]), age=timedelta(days=source.choice([1, 9, 40])))
        stays = [listed for listed, made in zip(sets, decide(sets, policy, holds_of)) if not made.is_removed]
        assert [made for made in decide(stays, policy, holds_of) if made.is_removed] == []
        versions = {(listed.projects[0], Version(listed.version)) for listed in sets}
        staying = {(listed.projects[0], Version(listed.version)) for listed in stays}
        needed = {(pin.project, pin.version) for listed in stays for pin in pins[listed]}
        assert needed & versions <= staying
        for channel in {(listed.name, channel_of(listed)) for listed in sets if listed.is_complete}:
            assert any(listed.is_complete for listed in stays if (listed.name, channel_of(listed)) == channel)


def _random_index(source: random.Random) -> list[IndexedSet]:
    days = sorted(source.randrange(1, 30) for _ in range(source.randrange(20)))
    sets = []
    for number, day in enumerate(days):
        name = source.choice(["abacus", "tools"])
        channel = source.choice(["nightly", "nightly", "rc"])
        listed = indexed_set(f"1.{source.randrange(99)}.{number}", f"2026-11-{day:02}", name=name, channel=channel)
        sets.append(source.choice([listed, listed, listed, partial(listed), yanked(listed)]))
    return sets


def _random_pins(source: random.Random, sets: Sequence[IndexedSet]) -> tuple[Pin, ...]:
    chosen = source.sample(sets, source.choice([0, 0, 1]))
    return tuple(Pin(listed.projects[0], Version(listed.version)) for listed in chosen)


@pytest.mark.parametrize(
    "text",
    ["2026-11-30T00:00:00.000000Z", "2026-11-30T02:00+02:00", "2026-11-30", "1795996800"],
)
def test_times_are_read(text: str) -> None:
    assert parse_time(text) == NOW


@pytest.mark.parametrize("text", ["", "30.11.2026", "Z", "9" * 30])
def test_texts_that_are_not_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a time|isoformat"):
        parse_time(text)
