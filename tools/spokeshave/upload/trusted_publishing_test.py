from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from spokeshave.cli import main
from spokeshave.testing.index_fixtures import Answer, answering_server, make_authority
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like
from spokeshave.testing.pypi_rules_fixtures import PUBLISHER, Fault, FaultKind, Place
from spokeshave.testing.pypi_store_fixtures import read_state
from spokeshave.upload.endpoint import InvalidEndpointError, Scrubber, find_endpoint
from spokeshave.upload.login import Login
from spokeshave.upload.trusted_publishing import TrustedPublishingError


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    """Yield an index, and an empty home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pypi_like(tmp_path / "pypi", tls=True) as server:
        yield server


@pytest.fixture
def job(index: PypiLike, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the environment of a job that the index trusts, and set it."""
    return enter(index.job(), monkeypatch)


def enter(job: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    return job


def enter_google(index: PypiLike, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Let this machine look like one of Google, whose metadata server is that of the test."""
    product = folder / "product_name"
    product.write_text("Google Compute Engine\n")
    monkeypatch.setattr("spokeshave.upload.trusted_publishing.GOOGLE_PRODUCT_NAME", product)
    monkeypatch.setattr("id._internal.oidc.ambient._GCP_PRODUCT_NAME_FILE", str(product))
    look_up = socket.getaddrinfo

    def routed(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        to = ("127.0.0.1", urlsplit(index.ci).port) if host == "metadata" else (host, port)
        return look_up(*to, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", routed)
    return enter({"REQUESTS_CA_BUNDLE": str(index.certificate)}, monkeypatch)


@pytest.mark.parametrize("system", ["google", "github", "gitlab", "buildkite", "circleci"])
def test_a_job_with_an_identity_needs_no_secret(
    tmp_path: Path,
    index: PypiLike,
    system: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if system == "google":
        enter_google(index, tmp_path, monkeypatch)
    else:
        enter(index.job(system), monkeypatch)
    wheel = build_wheel(tmp_path, {"demo/__init__.py": ""}, "py3-none-any", version="1.0")
    report = tmp_path / "report.json"
    assert main(["upload", "--repository-url", index.upload_url, str(wheel), "--report", str(report)]) == 0
    assert [request.credential for request in index.uploads()] == ["minted"]
    captured = capfd.readouterr()
    state = read_state(index.folder / "state.json")
    for secret in (*state.tokens, *state.identities, "secret of the job's runner"):
        assert secret not in captured.out + captured.err + report.read_text()


def test_a_job_unknown_to_the_index_gets_the_reason(
    index: PypiLike, job: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    index.change(publishers=("another job",))
    with pytest.raises(TrustedPublishingError, match="valid token, but no corresponding publisher") as raised:
        login_of(index.upload_url, job).credentials()
    assert "which repository, workflow file and environment it trusts" in str(raised.value)
    assert "e30." not in str(raised.value) + capfd.readouterr().err


def login_of(url: str, environment: dict[str, str], clock: Callable[[], float] = time.monotonic) -> Login:
    return Login(find_endpoint(None, url, environment), Scrubber(None, {}), clock)


def test_a_password_that_is_given_is_taken(index: PypiLike, job: dict[str, str]) -> None:
    given = {**job, "TWINE_USERNAME": "alice", "TWINE_PASSWORD": "alices"}
    credentials = find_endpoint(None, index.upload_url, given).credentials
    assert credentials is not None
    assert (credentials.username, credentials.password) == ("alice", "alices")


def test_a_user_without_a_password_is_an_error_still(index: PypiLike, job: dict[str, str]) -> None:
    with pytest.raises(InvalidEndpointError, match="there is no password"):
        find_endpoint(None, index.upload_url, {**job, "TWINE_USERNAME": "alice"})


def test_without_trusted_publishing_there_are_no_credentials(
    tmp_path: Path, job: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = make_authority(tmp_path / "plain.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    with answering_server(Answer(200, "OK"), authority) as url:
        assert login_of(url, job).credentials() is None


def test_the_identity_is_not_sent_unencrypted(index: PypiLike, job: dict[str, str]) -> None:
    url = index.upload_url.replace("https://", "http://")
    assert login_of(url, job).credentials() is None
    assert index.requests() == []


def test_a_token_is_renewed_after_ten_minutes(index: PypiLike, job: dict[str, str]) -> None:
    now = [0.0]
    login = login_of(index.upload_url, job, lambda: now[0])
    first = login.credentials()
    now[0] = 10 * 60 - 1
    assert login.credentials() == first
    now[0] = 10 * 60
    second = login.credentials()
    assert second not in (None, first)
    now[0] = 20 * 60 - 1
    assert login.credentials() == second


def test_a_token_is_kept_while_the_index_refuses_another(index: PypiLike, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    # A job on GitLab has one identity, for which the index gives one token.
    login = login_of(index.upload_url, enter(index.job("gitlab"), monkeypatch), lambda: now[0])
    first = login.credentials()
    now[0] = 15 * 60 - 1
    assert login.credentials() == first
    now[0] = 15 * 60
    with pytest.raises(TrustedPublishingError, match="already used"):
        login.credentials()


def test_a_rejected_token_has_expired_if_it_was_accepted_before(index: PypiLike, job: dict[str, str]) -> None:
    login = login_of(index.upload_url, job)
    first = login.credentials()
    assert not login.rejected()
    login.accepted()
    assert login.rejected()
    assert login.credentials() not in (None, first)
    assert not login.rejected()


def test_an_index_that_fails_may_give_a_token_later(index: PypiLike, job: dict[str, str]) -> None:
    login = login_of(index.upload_url, job)
    for place, status, may_pass in [
        (Place.AUDIENCE, 500, True),
        (Place.AUDIENCE, 429, True),
        (Place.AUDIENCE, 408, True),
        (Place.AUDIENCE, 403, False),
        (Place.MINT, 500, True),
        (Place.MINT, 503, True),
        (Place.MINT, 429, True),
    ]:
        index.change(faults=[Fault(FaultKind.STATUS, place, times=None, status=status)])
        with pytest.raises(TrustedPublishingError) as raised:
            login.credentials()
        assert raised.value.may_pass is may_pass, (place, status)
    index.change(faults=[], publishers=("another job",))
    with pytest.raises(TrustedPublishingError) as raised:
        login.credentials()
    assert not raised.value.may_pass
    index.change(publishers=(PUBLISHER,))
    assert login.credentials() is not None


@pytest.mark.parametrize("status", [503, 429])
def test_a_ci_that_fails_may_give_the_identity_later(
    index: PypiLike, job: dict[str, str], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    with answering_server(Answer(404, "", listing=(status, "text/plain", "no"))) as url:
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
        with pytest.raises(TrustedPublishingError, match="from the CI platform") as raised:
            login_of(index.upload_url, job).credentials()
    assert raised.value.may_pass
