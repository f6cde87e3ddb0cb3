from __future__ import annotations

import pytest
from pants.testutil.option_util import create_subsystem

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.sandbox.tools import REPORT, SpokeshaveToolsRequest
from spokeshave_pants.wheel.goals.publish_release import (
    NoRepositoryError,
    check_argv,
    publish_argv,
    repositories_of_release,
)
from spokeshave_pants.wheel.publish.repository import parse_repositories
from spokeshave_pants.wheel.subsystem import WheelPublishSubsystem

FOLDER = "releases/abacus/3.12.0rc1"


def test_a_record_is_kept_where_a_later_run_finds_it() -> None:
    (repository,) = parse_repositories(["@testpypi"], {}, where="the target //:release")
    argv = publish_argv(FOLDER, repository, "/repo/dist")
    assert argv == (
        *("release", "publish", FOLDER, "--to", "@testpypi"),
        *("--keep", f"/repo/dist/{FOLDER}", "--report", REPORT),
    )
    assert SpokeshaveToolsRequest.of(argv).command == "release publish"


def test_a_repository_of_an_option_has_its_urls() -> None:
    urls = {"ours": "https://wheels.example.org/legacy/"}
    checks = {"ours": "https://wheels.example.org/simple/"}
    (repository,) = parse_repositories(["@ours"], urls, where="the target //:release", check_urls=checks)
    assert check_argv(FOLDER, repository) == (
        *("release", "check", FOLDER, "--to", "@ours", "--repository-url", urls["ours"]),
        *("--check-url", checks["ours"], "--report", REPORT),
    )


def chosen(listed: list[str], *to: str) -> list[str]:
    publishing = create_subsystem(WheelPublishSubsystem, to=list(to), repositories={}, check_urls={})
    return [repository.text for repository in repositories_of_release(listed, publishing, where="//:release")]


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
