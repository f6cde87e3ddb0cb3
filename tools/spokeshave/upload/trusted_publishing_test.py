from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.testing.index_fixtures import Answer, answering_server, make_authority
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like
from spokeshave.testing.pypi_store_fixtures import read_state
from spokeshave.upload.endpoint import InvalidEndpointError, find_endpoint


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


@pytest.mark.parametrize("system", ["github"])
def test_a_job_with_an_identity_needs_no_secret(
    tmp_path: Path,
    index: PypiLike,
    system: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
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
    with pytest.raises(InvalidEndpointError, match="valid token, but no corresponding publisher") as raised:
        find_endpoint(None, index.upload_url, job)
    assert "which repository, workflow file and environment it trusts" in str(raised.value)
    assert "e30." not in str(raised.value) + capfd.readouterr().err


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
        assert find_endpoint(None, url, job).credentials is None


def test_the_identity_is_not_sent_unencrypted(index: PypiLike, job: dict[str, str]) -> None:
    url = index.upload_url.replace("https://", "http://")
    assert find_endpoint(None, url, job).credentials is None
