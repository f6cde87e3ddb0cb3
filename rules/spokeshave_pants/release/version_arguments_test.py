"""Tests of the facts of the repository that each channel's version contains."""

from __future__ import annotations

import pytest

from spokeshave_core.channel import Channel
from spokeshave_pants.release.version_arguments import (
    ReleaseContext,
    UnknownCommitError,
    VersionOptions,
    stated_commit,
    version_argv,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TODAY = "20260821"
CLEAN = ReleaseContext(commit=COMMIT, dirty=False, date=TODAY)
CHANGED = ReleaseContext(commit=COMMIT, dirty=True, date=TODAY)
NO_GIT = ReleaseContext(commit=None, dirty=False, date=TODAY)


def arguments(
    context: ReleaseContext,
    channel: Channel | None = None,
    suffix: str | None = None,
    commit: str | None = None,
    date: str | None = None,
) -> list[str]:
    return list(version_argv(VersionOptions(channel=channel, suffix=suffix, commit=commit, date=date), context))


def test_unasked_a_clean_tree_is_dev_and_a_changed_one_local() -> None:
    assert arguments(CLEAN) == ["--channel", "dev", "--commit", COMMIT]
    assert arguments(CHANGED) == ["--channel", "local", "--commit", COMMIT, "--dirty"]


def test_without_git_there_is_no_commit_to_name() -> None:
    assert arguments(NO_GIT) == ["--suffix=.dev0"]


def test_a_commit_that_is_given_wins_over_gits() -> None:
    assert arguments(CLEAN, commit="f" * 40) == ["--channel", "dev", "--commit", "f" * 40]
    assert arguments(NO_GIT, commit="f" * 40) == ["--channel", "dev", "--commit", "f" * 40]


@pytest.mark.parametrize("context", [CLEAN, CHANGED, NO_GIT])
def test_a_stable_version_depends_on_no_repository_facts(context: ReleaseContext) -> None:
    assert arguments(context, Channel.STABLE) == ["--channel", "stable"]


@pytest.mark.parametrize("channel", [Channel.RC, Channel.NIGHTLY])
@pytest.mark.parametrize("context", [CLEAN, CHANGED, NO_GIT])
def test_a_dated_version_knows_the_date_alone(channel: Channel, context: ReleaseContext) -> None:
    assert arguments(context, channel) == ["--channel", channel.value, "--date", TODAY]
    assert arguments(context, channel, date="20260101") == ["--channel", channel.value, "--date", "20260101"]


def test_a_suffix_replaces_the_date() -> None:
    assert arguments(CLEAN, Channel.RC, suffix="rc1") == ["--channel", "rc", "--suffix=rc1"]


@pytest.mark.parametrize("context", [CLEAN, CHANGED, NO_GIT])
def test_a_suffix_alone_decides(context: ReleaseContext) -> None:
    assert arguments(context, suffix="-1") == ["--suffix=-1"]


def test_a_local_version_of_a_clean_tree_is_not_called_dirty() -> None:
    assert arguments(CLEAN, Channel.LOCAL) == ["--channel", "local", "--commit", COMMIT]


def test_tomorrow_changes_only_the_versions_that_have_a_date() -> None:
    tomorrow = ReleaseContext(commit=COMMIT, dirty=False, date="20260822")
    changed = [channel for channel in (None, *Channel) if arguments(CLEAN, channel) != arguments(tomorrow, channel)]
    assert changed == [Channel.NIGHTLY, Channel.RC]


def test_a_commit_changes_only_the_versions_that_name_one() -> None:
    other = ReleaseContext(commit="f" * 40, dirty=False, date=TODAY)
    changed = [channel for channel in (None, *Channel) if arguments(CLEAN, channel) != arguments(other, channel)]
    assert changed == [None, Channel.DEV, Channel.LOCAL]


BROKEN = ReleaseContext(commit=None, dirty=False, date=TODAY, problem="git rejects it")


@pytest.mark.parametrize(
    ("channel", "commit"), [(None, None), (None, COMMIT), (Channel.DEV, None), (Channel.LOCAL, COMMIT)]
)
def test_a_version_that_names_an_unknown_commit_is_refused(channel: Channel | None, commit: str | None) -> None:
    with pytest.raises(UnknownCommitError, match="git rejects it"):
        arguments(BROKEN, channel, commit=commit)


def test_a_version_without_a_commit_needs_no_repository() -> None:
    for channel in (Channel.STABLE, Channel.RC, Channel.NIGHTLY):
        assert arguments(BROKEN, channel) == arguments(NO_GIT, channel)
    assert arguments(BROKEN, suffix="rc1") == ["--suffix=rc1"]
    assert arguments(BROKEN, Channel.DEV, commit=COMMIT) == ["--channel", "dev", "--commit", COMMIT]


def test_a_second_release_of_a_day_has_its_number() -> None:
    options = VersionOptions(channel=Channel.RC, suffix=None, commit=None, date=None, post=1)
    assert version_argv(options, CLEAN) == ("--channel", "rc", "--date", TODAY, "--post", "1")


def test_wheels_state_the_commit_of_a_tree_without_changes() -> None:
    unasked = VersionOptions(channel=Channel.STABLE, suffix=None, commit=None, date=None)
    assert [stated_commit(unasked, context) for context in (CLEAN, CHANGED, NO_GIT)] == [COMMIT, None, None]
    given = VersionOptions(channel=Channel.STABLE, suffix=None, commit="f" * 40, date=None)
    assert [stated_commit(given, context) for context in (CLEAN, CHANGED, NO_GIT)] == ["f" * 40] * 3
