from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from spokeshave.release.nightly.decision import Build, Continue, Known, NothingNew, UndecidedError, Wanted, decide
from spokeshave.release.nightly.known import KnownSet

OLD = "a" * 40
NEW = "b" * 40
NEWER = "c" * 40


def known_set(version: str, commit: str = OLD, channel: str = "nightly", is_complete: bool = True) -> KnownSet:
    return KnownSet(
        version=f"3.12.0rc{version}",
        channel=channel,
        commit=commit,
        record=Path(version),
        is_complete=is_complete,
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
    assert decided(on_index(last)) == Build("20261130", 1, last)
    third = known_set("20261130.post1", OLD)
    assert decided(on_index(last, third)) == Build("20261130", 2, third)
    # One that was recorded, and may be on its way, has its number too.
    assert decided(on_index(last, recorded=(known_set("20261130.post1", OLD),))) == Build("20261130", 2, last)


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
    assert decide(wanted, on_index(last), fail) == Build("20261130", 0, last)


def test_a_record_that_was_not_published_is_continued() -> None:
    recorded = known_set("20261130", NEW)
    assert decided(on_index(recorded=(recorded,))) == Continue(recorded)
    assert decided(Known((recorded,), (), has_others=True)) == Continue(recorded)
    # Without a destination, the record is all that was asked for.
    assert decided(Known((recorded,))) == NothingNew(recorded)


def test_a_lost_record_is_built_again_under_its_version() -> None:
    """The same commit gives the same bytes, so that it completes what is on one of the indexes."""
    done = known_set("20261129.post2", NEW)
    assert decided(Known((), ((done,), ()))) == Build("20261129", 2)
    assert decided(on_index(known_set("20261129", NEW, is_complete=False))) == Build("20261129")


def test_force_makes_another_release_of_a_commit() -> None:
    done = known_set("20261130", NEW)
    assert decided(on_index(done, recorded=(done,)), is_forced=True) == Build("20261130", 1, done)
