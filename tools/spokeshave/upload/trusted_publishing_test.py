from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.testing.index_fixtures import (
    Answer,
    TrustingIndex,
    answering_server,
    identity_token,
    make_authority,
    trusting_index,
)
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.upload.endpoint import InvalidEndpointError, find_endpoint


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrustingIndex]:
    """Yield an index, and the environment of a job that it trusts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with trusting_index(tmp_path) as trusting:
        for name, value in trusting.variables.items():
            monkeypatch.setenv(name, value)
        yield trusting


def test_a_job_with_an_identity_needs_no_secret(
    tmp_path: Path, index: TrustingIndex, capfd: pytest.CaptureFixture[str]
) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": ""}, "py3-none-any", version="1.0")
    report = tmp_path / "report.json"
    assert main(["upload", "--repository-url", index.url, str(wheel), "--report", str(report)]) == 0
    assert index.uploads == ["Basic " + base64.b64encode(f"__token__:{index.token}".encode()).decode()]
    captured = capfd.readouterr()
    for secret in (index.token, index.identity, index.variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]):
        assert secret not in captured.out + captured.err + report.read_text()


def test_a_job_unknown_to_the_index_gets_the_reason(index: TrustingIndex) -> None:
    index.identity = identity_token("another job")
    with pytest.raises(InvalidEndpointError, match="no publisher of this identity") as raised:
        find_endpoint(None, index.url, index.variables)
    assert "which repository, workflow file and environment it trusts" in str(raised.value)
    assert index.identity not in str(raised.value)


def test_a_password_that_is_given_is_taken(index: TrustingIndex) -> None:
    given = {**index.variables, "TWINE_USERNAME": "alice", "TWINE_PASSWORD": "alices"}
    credentials = find_endpoint(None, index.url, given).credentials
    assert credentials is not None
    assert (credentials.username, credentials.password) == ("alice", "alices")


def test_a_user_without_a_password_is_an_error_still(index: TrustingIndex) -> None:
    with pytest.raises(InvalidEndpointError, match="there is no password"):
        find_endpoint(None, index.url, {**index.variables, "TWINE_USERNAME": "alice"})


def test_without_trusted_publishing_there_are_no_credentials(
    tmp_path: Path, index: TrustingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = make_authority(tmp_path / "plain.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    with answering_server(Answer(200, "OK"), authority) as url:
        assert find_endpoint(None, url, index.variables).credentials is None


def test_the_identity_is_not_sent_unencrypted(index: TrustingIndex) -> None:
    url = index.url.replace("https://", "http://")
    assert find_endpoint(None, url, index.variables).credentials is None
