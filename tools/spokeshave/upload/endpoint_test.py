from __future__ import annotations

from pathlib import Path

import pytest
import requests
from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

from spokeshave.testing.index_fixtures import RecordingServer, recording_server
from spokeshave.upload.endpoint import Credentials, InvalidEndpointError, OriginAuth, Scrubber, find_endpoint
from spokeshave_core.problems import Problem

PYPI = DEFAULT_REPOSITORY
UNSAFE_TEST_INDEX = TEST_REPOSITORY.replace("https:", "http:")
OTHER = "https://other.example.org/legacy/"
COMMON = "[server-login]\nusername = common\npassword = common\n"
OWN = "username = own\npassword = own\n"
LISTED = "[distutils]\nindex-servers =\n  {name}\n"
BOTH = Credentials("common", "common")
MINE = Credentials("own", "own")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    # A machine of Google has an identity.
    monkeypatch.setattr("spokeshave.upload.trusted_publishing.GOOGLE_PRODUCT_NAME", tmp_path / "absent")
    return tmp_path


# The name, the URL of the option, the section of the name in ~/.pypirc, and the credentials that are sent.
SENT = [
    ("ours", OTHER, None, None),
    ("ours", OTHER, "", None),
    ("ours", OTHER, "repository =\n", None),
    ("ours", OTHER, OWN, MINE),
    ("ours", OTHER, f"repository = {OTHER}\n", BOTH),
    ("ours", None, f"repository = {OTHER}\n", BOTH),
    ("ours", OTHER, f"repository = {OTHER}\n{OWN}", MINE),
    ("ours", None, f"repository = {OTHER}\n{OWN}", MINE),
    ("server-login", OTHER, None, None),
    (None, OTHER, None, None),
    ("pypi", OTHER, None, None),
    ("pypi", OTHER, "", None),
    ("pypi", OTHER, OWN, None),
    ("pypi", OTHER, f"repository = {OTHER}\n", BOTH),
    ("pypi", None, f"repository = {OTHER}\n{OWN}", MINE),
    ("pypi", None, None, Credentials("__token__", "common")),
    ("pypi", PYPI, None, Credentials("__token__", "common")),
    ("pypi", None, OWN, Credentials("__token__", "own")),
    ("testpypi", UNSAFE_TEST_INDEX, None, None),
    ("testpypi", None, None, Credentials("__token__", "common")),
]


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "unlisted"])
@pytest.mark.parametrize(("name", "url", "section", "sent"), SENT)
def test_credentials_go_to_addresses_of_the_users_file(
    home: Path, name: str | None, url: str | None, section: str | None, sent: Credentials | None, listed: bool
) -> None:
    own = "" if section is None else f"[{name}]\n{section}"
    head = LISTED.format(name=name) if listed else ""
    home.joinpath(".pypirc").write_text(f"{head}{COMMON}{own}")
    assert find_endpoint(name, url, {}).credentials == sent


@pytest.mark.parametrize("section", ["", f"[testpypi]\n{OWN}"], ids=["common", "own"])
def test_credentials_of_one_built_in_index_stay_with_it(home: Path, section: str) -> None:
    home.joinpath(".pypirc").write_text(f"{COMMON}{section}")
    with pytest.raises(InvalidEndpointError, match="there is no password"):
        find_endpoint("testpypi", PYPI, {})


def test_the_environments_credentials_go_to_any_address(home: Path) -> None:
    home.joinpath(".pypirc").write_text(COMMON)
    environment = {"TWINE_USERNAME": "environment", "TWINE_PASSWORD": "environment"}
    assert find_endpoint("ours", OTHER, environment).credentials == Credentials("environment", "environment")


def test_a_password_of_the_environment_gets_no_common_user(home: Path) -> None:
    home.joinpath(".pypirc").write_text(COMMON)
    with pytest.raises(InvalidEndpointError, match="there is no user name"):
        find_endpoint("ours", OTHER, {"TWINE_PASSWORD": "environment"})


def test_proofs_of_a_jobs_identity_are_hidden() -> None:
    environment = {"PYPI_ID_TOKEN": "e30.gitlabs.", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "githubs", "CI": "true"}
    scrub = Scrubber(None, environment)
    scrub.learn(Credentials("__token__", "pypi-minted"))
    assert scrub("true: e30.gitlabs. githubs pypi-minted") == "true: ******** ******** ********"


def test_a_user_name_is_hidden_only_in_texts_of_others() -> None:
    environment = {"http_proxy": "http://release:pr0xy@127.0.0.1:9/"}
    scrub = Scrubber(Credentials("abacus", "hunter2"), environment, ["https://devpi.example.org/abacus/dev/"])
    assert (
        scrub.secrets("dist/releases/abacus --password hunter2 pr0xy")
        == "dist/releases/abacus --password ******** ********"
    )
    reason = "https://devpi.example.org/abacus/dev/ rejects abacus-1.0.tar.gz: 403 (abacus may not, hunter2 of release)"
    assert scrub(reason, "abacus-1.0.tar.gz") == (
        "https://devpi.example.org/abacus/dev/ rejects abacus-1.0.tar.gz: 403 (******** may not, ******** of ********)"
    )
    (problem,) = scrub.problems([Problem("abacus-1.0.whl", "abacus-1.0.whl of abacus", "Remove abacus or hunter2.")])
    assert problem == Problem("abacus-1.0.whl", "abacus-1.0.whl of ********", "Remove abacus or ********.")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("same", [True, False], ids=["same origin", "other origin"])
@pytest.mark.usefixtures("home")
def test_credentials_do_not_follow_to_another_origin(status: int, same: bool) -> None:
    with recording_server() as first, recording_server() as second:
        target: RecordingServer = first if same else second
        first.redirects["/start"] = (status, f"{target.url}/end")
        with requests.Session() as session:
            session.auth = OriginAuth(first.url, MINE)
            assert session.get(f"{first.url}/start").url == f"{target.url}/end"
        assert first.requests[0][0] == "/start"
        (end,) = [authorization for path, authorization in target.requests if path == "/end"]
    assert (end is not None) is same
