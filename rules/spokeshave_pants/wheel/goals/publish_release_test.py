from __future__ import annotations

import pytest

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.sandbox.tools import REPORT, SpokeshaveToolsRequest
from spokeshave_pants.wheel.goals.publish_release import check_argv, check_choice, publish_argv
from spokeshave_pants.wheel.publish.repository import parse_repositories

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


@pytest.mark.parametrize("chosen", [[], ["testpypi"], ["@pypi", "other"]])
def test_some_of_the_repositories_are_chosen(chosen: list[str]) -> None:
    check_choice(["@testpypi", "@pypi"], chosen, where="//:release")
    check_choice([], chosen, where="//:release")


def test_a_choice_of_no_repository_is_an_error() -> None:
    with pytest.raises(InvalidTargetError, match=r"is pipy, which is not one of .* //:release\. Choose from testpypi"):
        check_choice(["@testpypi", "@pypi"], ["pipy"], where="//:release")
