from __future__ import annotations

import pytest
from pants.testutil.option_util import create_subsystem

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.sandbox.tools import REPORT, SpokeshaveToolsRequest
from spokeshave_pants.wheel.goals.publish_release import (
    NoRepositoryError,
    ReleaseDestinations,
    check_argv,
    publish_argv,
    repositories_of_release,
)
from spokeshave_pants.wheel.publish.repository import parse_repositories
from spokeshave_pants.wheel.subsystem import WheelPublishSubsystem

FOLDER = "releases/abacus/3.12.0rc1"


def test_a_record_is_kept_where_a_later_run_finds_it() -> None:
    (repository,) = parse_repositories(["@testpypi"], {}, where="the target //:release")
    argv = publish_argv(FOLDER, repository, build_root="/repo", dist="dist")
    assert argv == (
        *("release", "publish", FOLDER, "--to", "@testpypi"),
        *("--keep", f"/repo/dist/{FOLDER}", "--report", REPORT),
    )
    assert SpokeshaveToolsRequest.of(argv).command == "release publish"


def test_a_repository_of_an_option_has_its_urls() -> None:
    urls = {"ours": "https://wheels.example.org/legacy/"}
    checks = {"ours": "https://wheels.example.org/simple/"}
    (repository,) = parse_repositories(["@ours"], urls, where="the target //:release", check_urls=checks)
    assert check_argv(FOLDER, repository, build_root="/repo") == (
        *("release", "check", FOLDER, "--to", "@ours", "--repository-url", urls["ours"]),
        *("--check-url", checks["ours"], "--report", REPORT),
    )


@pytest.mark.parametrize(
    ("text", "found"), [("index:dist/index", "index:/repo/dist/index"), ("folder:/srv/wheels", "folder:/srv/wheels")]
)
def test_a_folder_is_found_from_the_build_root(text: str, found: str) -> None:
    (repository,) = parse_repositories([text], {}, where="the target //:release", is_release=True)
    assert check_argv(FOLDER, repository, build_root="/repo")[3:5] == ("--to", found)
    assert publish_argv(FOLDER, repository, build_root="/repo", dist="dist")[3:5] == ("--to", found)


def chosen(
    listed: list[str], *to: str, channel: str | None = None, channels: dict[str, tuple[str, ...]] | None = None
) -> list[str]:
    publishing = create_subsystem(WheelPublishSubsystem, to=list(to), repositories={}, check_urls={})
    destinations = ReleaseDestinations(tuple(listed), channels or {})
    found = repositories_of_release(destinations, channel, publishing, where="//:release")
    return [repository.text for repository in found]


def test_some_of_the_repositories_are_chosen() -> None:
    both = ["@testpypi", "@pypi"]
    assert chosen(both) == both
    assert chosen(both, "testpypi") == ["@testpypi"]
    assert chosen(both, "@pypi", "other") == ["@pypi"]


def test_a_choice_of_no_repository_is_an_error() -> None:
    with pytest.raises(InvalidTargetError, match=r"is pipy, which is not one of .* //:release\. Choose from testpypi"):
        chosen(["@testpypi", "@pypi"], "pipy")


@pytest.mark.parametrize("to", [(), ("testpypi",)])
def test_a_release_without_repositories_is_an_error(to: tuple[str, ...]) -> None:
    with pytest.raises(NoRepositoryError, match="//:release has no `repositories`"):
        chosen([], *to)


CHANNELS = {"nightly": ("index:dist/index", "@testpypi"), "rc": ()}


@pytest.mark.parametrize(
    ("channel", "expected"),
    [("nightly", ["index:dist/index", "@testpypi"]), ("stable", ["@pypi"]), (None, ["@pypi"])],
)
def test_a_channel_has_its_own_repositories(channel: str | None, expected: list[str]) -> None:
    assert chosen(["@pypi"], channel=channel, channels=CHANNELS) == expected


def test_a_repository_of_another_channel_is_not_chosen() -> None:
    assert chosen(["@pypi"], "index:dist/index", channel="nightly", channels=CHANNELS) == ["index:dist/index"]
    with pytest.raises(
        InvalidTargetError, match=r"`repositories` of //:release for the channel stable\. Choose from pypi"
    ):
        chosen(["@pypi"], "testpypi", channel="stable", channels=CHANNELS)


def test_a_channel_can_be_published_nowhere() -> None:
    with pytest.raises(NoRepositoryError, match="has no `repositories` for the channel rc, so that"):
        chosen(["@pypi"], channel="rc", channels=CHANNELS)


def test_an_entry_of_any_channel_is_checked() -> None:
    """A typo of the stable channel would be found on the day of the release otherwise."""
    with pytest.raises(
        InvalidTargetError, match=r"has 'pypi'\. Write `@name`, the http or https URL of .* `index:PATH`"
    ):
        chosen(["@pypi"], channel="nightly", channels={**CHANNELS, "stable": ("pypi",)})
