from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from pants.util.frozendict import FrozenDict

from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.publish.repository import (
    Repository,
    SecretText,
    chosen_repositories,
    parse_repositories,
)


def parse(*texts: str, urls: Mapping[str, str] | None = None) -> tuple[Repository, ...]:
    return parse_repositories(texts, urls or {}, where="the target src:wheel")


def test_names_are_searched_in_options_before_pypirc() -> None:
    ours, testpypi = parse("@ours", "@testpypi", urls={"ours": "https://wheels.example.org/legacy/"})
    assert ours.arguments == ("--repository", "ours", "--repository-url", "https://wheels.example.org/legacy/")
    assert ours.label == "@ours (https://wheels.example.org/legacy/)"
    assert testpypi.arguments == ("--repository", "testpypi")
    assert testpypi.label == "@testpypi"


def test_urls_are_unchanged_and_duplicates_removed() -> None:
    url = "http://127.0.0.1:8080/"
    assert parse(url, "@ours", url) == (Repository(url, url), Repository("@ours", None))
    assert parse(url)[0].arguments == ("--repository-url", url)


def test_invalid_repositories_are_reported_without_passwords() -> None:
    texts = ("pypi", "@", "https://user:pass-word@wheels.example.org/", "@ours")
    with pytest.raises(InvalidTargetError) as raised:
        parse(*texts, urls={"ours": "ftp://wheels.example.org/"})
    message = str(raised.value)
    assert "`repositories` of the target src:wheel has 'pypi'. Write `@name`" in message
    assert "`[wheel-publish].repositories` for @ does not contain a valid name" in message
    assert "`repositories` of the target src:wheel has a URL that contains credentials" in message
    assert "`[wheel-publish].repositories` for @ours has 'ftp://wheels.example.org/'" in message
    assert "pass-word" not in message


def test_credentials_of_a_name_go_before_those_of_all() -> None:
    (repository,) = parse("@our-index")
    variables = {
        "TWINE_USERNAME": "all",
        "TWINE_PASSWORD": "all's",
        "TWINE_PASSWORD_OUR_INDEX": "ours",
        "TWINE_PASSWORD_OTHER": "others",
        "HOME": "/home/alice",
        "https_proxy": "http://proxy:3128",
        "PATH": "/usr/bin",
        "NO_PROXY": "",
    }
    assert {"TWINE_USERNAME_OUR_INDEX", "TWINE_PASSWORD_OUR_INDEX", "http_proxy"} <= set(repository.variables)
    assert repository.environment(variables, "/repo") == {
        "TWINE_USERNAME": "all",
        "TWINE_PASSWORD": "ours",
        "HOME": "/home/alice",
        "https_proxy": "http://proxy:3128",
    }


JOBS = {
    "GitHub": {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://ci.example.org/identity",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret",
    },
    "GitLab": {"GITLAB_CI": "true", "PYPI_ID_TOKEN": "secret", "TESTPYPI_ID_TOKEN": "secret"},
    "Google": {"GOOGLE_SERVICE_ACCOUNT_NAME": "releases@example.org"},
    "Buildkite": {"BUILDKITE": "true", "BUILDKITE_AGENT_ACCESS_TOKEN": "secret", "PATH": "/usr/bin"},
    "CircleCI": {"CIRCLECI": "true", "PATH": "/usr/bin"},
}


@pytest.mark.parametrize("variables", JOBS.values(), ids=JOBS)
def test_a_ci_job_can_prove_who_it_is(variables: dict[str, str]) -> None:
    (repository,) = parse("@testpypi")
    assert set(variables) <= set(repository.variables)
    assert repository.environment(variables, "/repo") == variables


def test_certificates_are_found_from_the_build_root() -> None:
    (repository,) = parse("https://wheels.example.org/")
    found = repository.environment({"TWINE_CERT": "ca.pem", "REQUESTS_CA_BUNDLE": "/etc/ca.pem"}, "/repo")
    assert found == {"TWINE_CERT": "/repo/ca.pem", "REQUESTS_CA_BUNDLE": "/etc/ca.pem"}


def test_a_secret_is_hidden_in_representations() -> None:
    @dataclass(frozen=True)
    class Holder:
        env: FrozenDict[str, str]

    (repository,) = parse("@ours")
    holder = Holder(FrozenDict(repository.environment({"TWINE_PASSWORD": "pass-word"}, "/repo")))
    assert "pass-word" not in f"{holder} {holder!r}"
    assert "TWINE_PASSWORD" in f"{holder}"
    assert holder == Holder(FrozenDict({"TWINE_PASSWORD": SecretText("pass-word")}))


def test_an_option_chooses_some_of_a_targets_repositories() -> None:
    listed = ("@testpypi", "@pypi", "https://wheels.example.org/")
    assert chosen_repositories(listed, []) == listed
    assert chosen_repositories(listed, ["https://wheels.example.org/", "@testpypi", "@other"]) == (
        "@testpypi",
        "https://wheels.example.org/",
    )
    assert chosen_repositories(listed, ["testpypi"]) == ("@testpypi",)
    assert chosen_repositories(listed, ["pipy"]) == ()


def test_only_a_release_goes_to_a_folder() -> None:
    texts = ("folder:wheels", "index:dist/index")
    with pytest.raises(InvalidTargetError) as raised:
        parse(*texts)
    for text in texts:
        assert f"`repositories` of the target src:wheel has {text!r}, which only a `release` can have" in str(
            raised.value
        )
    found = parse_repositories(texts, {}, where="//:release", is_release=True)
    assert [repository.folder for repository in found] == [("folder", "wheels"), ("index", "dist/index")]
    assert found[0].label == "folder:wheels"


def test_a_folder_gets_no_credentials() -> None:
    (repository,) = parse_repositories(["index:dist/index"], {}, where="//:release", is_release=True)
    variables = {"HOME": "/home/alice", "TWINE_PASSWORD": "secret", "NO_COLOR": "1"}
    assert repository.environment({k: v for k, v in variables.items() if k in repository.variables}, "/repo") == {
        "NO_COLOR": "1"
    }


def test_a_folder_without_a_path_is_refused() -> None:
    with pytest.raises(InvalidTargetError, match="//:release has 'index:' without a path"):
        parse_repositories(["index:"], {}, where="//:release", is_release=True)


def test_a_folder_is_not_a_url() -> None:
    for is_release in (True, False):
        with pytest.raises(InvalidTargetError, match="//:release has a URL after `index:`") as raised:
            parse_repositories(["index:https://a:secret@b.org/x"], {}, where="//:release", is_release=is_release)
        assert "secret" not in str(raised.value)
