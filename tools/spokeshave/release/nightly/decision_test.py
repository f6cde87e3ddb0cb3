from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from spokeshave.release.nightly.decision import Build, Continue, Known, NothingNew, UndecidedError, Wanted, decide
from spokeshave.release.nightly.known import KnownSet

OLD = "a" * 40
NEW = "b" * 40
NEWER = "c" * 40


def known_set(
    version: str, commit: str = OLD, channel: str = "nightly", is_complete: bool = True, manifest: str = ""
) -> KnownSet:
    return KnownSet(
        version=f"3.12.0rc{version}",
        channel=channel,
        commit=commit,
        record=Path(version),
        is_complete=is_complete,
        manifest_sha256=manifest,
    )


def decided(
    known: Known, commit: str = NEW, day: str = "20261130", chosen: str | None = None, is_forced: bool = False
) -> NothingNew | Continue | Build:
    """Return the decision in a history of OLD, NEW, NEWER."""
    wanted = Wanted(channel="nightly", commit=commit, day=day, chosen_day=chosen, is_forced=is_forced)
    return decide(wanted, known, lambda later: commit <= later)


def on_index(*sets: KnownSet, recorded: tuple[KnownSet, ...] = (), has_others: bool = False) -> Known:
    return Known(recorded, (sets,), has_others)


def test_the_first_release_has_the_date_of_its_commit() -> None:
    assert decided(Known()) == Build("20261130")
    assert decided(Known(), chosen="20261201") == Build("20261201")


def test_a_commit_that_the_index_has_is_not_released_again() -> None:
    existing = known_set("20261129", NEW)
    assert decided(on_index(known_set("20261128"), existing)) == NothingNew(existing)
    assert decided(on_index(existing, known_set("20261130", NEWER))) == NothingNew(existing)
    # An index gets a release last, so that it stands for the other destinations.
    assert decided(on_index(existing, has_others=True)) == NothingNew(existing)


def test_a_commit_of_another_channel_is_new() -> None:
    assert decided(on_index(known_set("20261130", NEW, channel="rc"))) == Build("20261130", 1)


def test_a_second_release_of_a_day_has_a_number() -> None:
    last = known_set("20261130")
    assert decided(on_index(last)) == Build("20261130", 1, (last,))
    third = known_set("20261130.post1", OLD)
    assert decided(on_index(last, third)) == Build("20261130", 2, (third,))
    # One that was recorded, and may be on its way, has its number too.
    recorded = known_set("20261130.post1", OLD)
    assert decided(on_index(last, recorded=(recorded,))) == Build("20261130", 2, replaced=(last,), unfinished=recorded)


def test_versions_of_builds_sort_above_all() -> None:
    sets: list[KnownSet] = []
    for day in ("20261128", "20261130", "20261130", "20261129", "20261201", "20261201"):
        build = decided(on_index(*sets), commit=NEWER, day=day)
        assert isinstance(build, Build)
        post = f".post{build.number}" if build.number else ""
        sets.append(known_set(f"{build.day}{post}"))
    versions = [Version(each.version) for each in sets]
    assert versions == sorted(set(versions))


def test_an_old_commit_does_not_become_the_newest() -> None:
    last = known_set("20261130", NEWER)
    assert decided(on_index(last), day="20261129") == Build("20261129")
    taken = known_set("20261129", OLD)
    assert decided(on_index(taken, last), day="20261129") == Build("20261129", 1)


def test_an_old_commit_of_the_newest_day_needs_a_date() -> None:
    last = known_set("20261130", NEWER)
    with pytest.raises(UndecidedError, match="--date"):
        decided(on_index(last))
    assert decided(on_index(last), chosen="20261129") == Build("20261129")


def test_the_history_is_asked_only_where_it_decides() -> None:
    def fail(_: str) -> bool:
        raise AssertionError("asked")

    wanted = Wanted("nightly", NEW, "20261130")
    last = known_set("20261129")
    assert decide(wanted, on_index(last), fail) == Build("20261130", 0, (last,))
    # A clone that lacks the newest release's commit can make one of a date that the user gives.
    dated = Wanted("nightly", NEW, "20261129", chosen_day="20261129")
    assert decide(dated, on_index(last), fail) == Build("20261129", 1, (last,))
    assert decide(dated, on_index(known_set("20261130")), fail) == Build("20261129")


def test_a_record_that_was_not_published_is_continued() -> None:
    recorded = known_set("20261130", NEW)
    assert decided(on_index(recorded=(recorded,))) == Continue(recorded)
    assert decided(Known((recorded,), (), has_others=True)) == Continue(recorded)
    # Its tries may have failed.
    assert decided(Known((recorded,))) == Continue(recorded)


def test_a_lost_record_is_built_again_under_its_version() -> None:
    """The same commit gives the same bytes, so that it completes what is on one of the indexes."""
    done = known_set("20261129.post2", NEW)
    assert decided(Known((), ((done,), ()))) == Build("20261129", 2)
    assert decided(on_index(known_set("20261129", NEW, is_complete=False))) == Build("20261129")


def test_force_makes_another_release_of_a_commit() -> None:
    done = known_set("20261130", NEW)
    assert decided(on_index(done, recorded=(done,)), is_forced=True) == Build("20261130", 1, (done,))


def test_each_index_has_its_own_newest_release() -> None:
    first = known_set("20261128")
    second = known_set("20261129")
    assert decided(Known((), ((first,), (second,)))) == Build("20261130", 0, (first, second))
    # One of them has nothing that a new release could be compared with.
    assert decided(Known((), ((first,), ()))) == Build("20261130")
    # A record completes it, if it installs the same as the new one.
    assert decided(Known((second,), ((second,), ()))) == Build("20261130", 0, replaced=(), unfinished=second)
    assert decided(Known((second,), ((second,), (first,)))) == Build(
        "20261130", 0, replaced=(second, first), unfinished=second
    )
    assert decided(Known((second,), ((second,), (second,)))) == Build("20261130", 0, (second, second))
    # An old one would not become the newest release there.
    assert decided(Known((first,), ((second,), ()))) == Build("20261130")


def test_a_record_is_not_what_users_have() -> None:
    recorded = known_set("20261129")
    assert decided(Known((recorded,))) == Build("20261130", 0, replaced=(), unfinished=recorded)
    assert decided(Known((recorded,), (), has_others=True)) == Build("20261130", 0, replaced=(), unfinished=recorded)


@pytest.mark.parametrize("listed", [known_set("20261130", OLD), known_set("20261130", NEW, manifest="other")])
def test_a_taken_version_is_not_continued(listed: KnownSet) -> None:
    """Another machine published other content under the version of the record."""
    recorded = known_set("20261130", NEW)
    one = Known((recorded,), ((listed,),))
    two = Known((recorded,), ((listed,), ()))
    if listed.commit == OLD:
        assert decided(one) == Build("20261130", 1, (listed,))
    assert decided(two) == Build("20261130", 1)
    # The new one is continued.
    again = known_set("20261130.post1", NEW)
    assert decided(Known((recorded, again), ((listed,), ()))) == Continue(again)


def test_a_version_with_two_contents_is_not_built_again() -> None:
    assert decided(Known((), ((known_set("20261130", NEW),), (known_set("20261130", OLD),)))) == Build(
        "20261130", 1, (known_set("20261130", NEW), known_set("20261130", OLD))
    )


def test_a_damaged_record_only_takes_its_version() -> None:
    damaged = KnownSet("3.12.0rc20261130", channel=None, commit=None, record=Path(), is_complete=False)
    assert decided(Known((damaged,))) == Build("20261130", 1)
    assert decided(Known((damaged,), ((known_set("20261130", NEW),), ()))) == Build("20261130", 1)


def test_a_date_in_the_future_is_refused() -> None:
    wanted = Wanted("nightly", NEW, "20990101", latest_day="20261201")
    with pytest.raises(UndecidedError, match=r"2099-01-01.*future.*\n.*--date"):
        decide(wanted, Known(), lambda _: False)
    assert decide(replace(wanted, chosen_day="20261130"), Known(), lambda _: False) == Build("20261130")
    assert decide(replace(wanted, latest_day="20990101"), Known(), lambda _: False) == Build("20990101")
    # What was released is not asked again.
    done = known_set("20261130", NEW)
    assert decide(wanted, on_index(done), lambda _: False) == NothingNew(done)
