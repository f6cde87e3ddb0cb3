"""Tokens that expire while a release is published, attestations, and credentials that nothing may contain."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.publish.journal import Journal
from spokeshave.release.publish.order import upload_order
from spokeshave.release.publish.progress import Progress
from spokeshave.release.publish.publication import Patience, new_publication
from spokeshave.release.publish.publisher import Publisher
from spokeshave.release.record import ATTESTATION, ATTESTATIONS, read_record
from spokeshave.testing.index_fixtures import PASSWORD, USERNAME, Answer, answering_server
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind, Place
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave_core.outcomes import PublishEnd
from spokeshave_core.release.publish import PublishReport

FAST = ("--pause", "0.01", "--wait", "0.3", "--timeout", "5")
MINUTES = 60


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def record(tmp_path: Path, sealed: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "record"))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    """A server that trusts this job, which has no other credentials."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TWINE_USERNAME", "TWINE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with pypi_like(tmp_path / "pypi", tls=True) as running:
        for name, value in running.job().items():
            monkeypatch.setenv(name, value)
        yield running


def arguments(server: PypiLike, record: Path) -> list[str]:
    report = str(record.parent / "report.json")
    return ["release", "publish", str(record), "--to", server.upload_url, *FAST, "--report", report]


def report_of(record: Path) -> PublishReport:
    return PublishReport.from_json((record.parent / "report.json").read_text())


def tokens(server: PypiLike) -> list[str]:
    """Return all tokens of trusted publishing that the server gave."""
    return list(json.loads((server.folder / "state.json").read_text())["tokens"])


def test_a_token_that_expires_is_renewed(server: PypiLike, record: Path) -> None:
    server.change(clock_step=6 * MINUTES)
    assert main(arguments(server, record)) == 0
    assert len(server.sha256s()) == 5
    assert len(tokens(server)) == 2
    assert [request.status for request in server.uploads()].count(403) == 1


def test_a_renewal_that_is_refused_is_partial(server: PypiLike, record: Path) -> None:
    refusal = Fault(FaultKind.STATUS, place=Place.MINT, status=422, skip=1, times=None)
    server.change(clock_step=6 * MINUTES, faults=[refusal])
    assert main(arguments(server, record)) == 3
    stored = server.sha256s()
    assert 0 < len(stored) < 5
    outcomes = [file.outcome.value for file in report_of(record).files]
    assert outcomes.count("published") == len(stored)
    assert "published" not in outcomes[len(stored) :]
    server.change(faults=[])
    assert main(arguments(server, record)) == 0
    assert len(server.sha256s()) == 5


def test_a_job_that_is_not_trusted_has_sent_nothing(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.change(publishers=("another job",))
    assert main(arguments(server, record)) == 1
    assert "no corresponding publisher" in capfd.readouterr().err
    assert server.uploads() == []
    assert not (record / "state").exists()
    # A check without uploads takes no token, because some CIs give only one identity.
    before = len(server.requests())
    assert main([*arguments(server, record), "--dry-run"]) == 0
    assert not [request for request in server.requests()[before:] if "oidc" in request.path]


def test_attestations_are_sent_with_their_files(server: PypiLike, record: Path) -> None:
    """The signatures are not valid, which the check of the command would refuse. The server reads only the subject."""
    manifest = read_record(record)
    for file in manifest.files:
        subject = {"name": file.name, "digest": {"sha256": file.sha256}}
        statement = base64.b64encode(json.dumps({"subject": [subject]}).encode()).decode()
        path = record / ATTESTATIONS / f"{file.name}{ATTESTATION}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"version": 1, "envelope": {"statement": statement, "signature": "bm9uZQ=="}}))
    order = upload_order(manifest)
    with open_destination(server.upload_url, DestinationOptions()) as destination:
        publisher = Publisher(
            folder=record,
            destination=destination,
            journal=Journal(record / "state" / "journal.jsonl"),
            progress=Progress(order.files(), destination.scrubbed),
            publication=new_publication(order, Patience()),
        )
        publisher.run()
    assert publisher.publication.end() is PublishEnd.DONE
    assert [bool(file.attestations) for file in server.stored()] == [True] * 5


def test_an_attestation_that_is_not_valid_is_refused(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = read_record(record).files[0].name
    (record / ATTESTATIONS).mkdir()
    (record / ATTESTATIONS / f"{name}{ATTESTATION}").write_text("{}")
    assert main(arguments(server, record)) == 1
    assert server.uploads() == []
    assert f"{name}{ATTESTATION}" in capfd.readouterr().err


@pytest.mark.parametrize("is_minted", [False, True], ids=["a token of the user's", "a minted token"])
def test_no_output_has_a_credential(
    server: PypiLike,
    record: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    is_minted: bool,
) -> None:
    if not is_minted:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
    server.change(faults=[Fault(FaultKind.STATUS, status=403, skip=1, times=None)])
    assert main(arguments(server, record)) == 3
    assert main(["--traceback", *arguments(server, record), "--dry-run"]) == 0
    assert main(["release", "status", str(record)]) == 3
    captured = capfd.readouterr()
    texts = [captured.out, captured.err, *(path.read_text() for path in (record / "state").iterdir())]
    texts.append((record.parent / "report.json").read_text())
    secrets = tokens(server) if is_minted else [server.rules.api_token or ""]
    assert len(secrets) >= 1
    for secret in secrets:
        header = base64.b64encode(f"__token__:{secret}".encode()).decode()
        assert not [text for text in texts if secret in text or header in text]
    assert "http" in captured.err


def test_an_index_that_repeats_credentials_is_not_repeated(
    record: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TWINE_USERNAME", USERNAME)
    monkeypatch.setenv("TWINE_PASSWORD", PASSWORD)
    header = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    with answering_server(Answer(418, "No", f"{{authorization}} of {USERNAME} with {PASSWORD} is wrong")) as url:
        assert main(["release", "publish", str(record), "--to", url, *FAST, "--report", str(tmp_path / "r.json")]) == 1
    captured = capfd.readouterr()
    journal = next((record / "state").iterdir()).read_text()
    for text in (captured.out, captured.err, journal, (tmp_path / "r.json").read_text()):
        assert "is wrong" in text
        assert not [secret for secret in (PASSWORD, header) if secret in text]


@pytest.mark.parametrize("user", ["release", "abacus", "127", "legacy"])
def test_a_user_name_stays_in_the_command_that_continues(
    record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], user: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TWINE_USERNAME", user)
    monkeypatch.setenv("TWINE_PASSWORD", PASSWORD)
    answer = Answer(500, "No", f"the user {user} with {PASSWORD} is wrong")
    report = tmp_path / "r.json"
    with answering_server(answer) as url:
        argv = ["release", "publish", str(record), "--to", url, *FAST, "--attempts", "1", "--report", str(report)]
        assert main(argv) == 3
    text = capfd.readouterr().err
    found = PublishReport.from_json(report.read_text())
    assert found.continue_with is not None
    assert found.continue_with.startswith(f"spokeshave release publish {record} --to {url} ")
    assert found.continue_with in text
    assert found.destination == url
    assert f"{url} rejects it: 500 No (the user ******** with ******** is wrong)" in text


def test_a_url_with_a_password_is_refused_and_not_shown(
    record: Path, server: PypiLike, capfd: pytest.CaptureFixture[str]
) -> None:
    url = server.upload_url.replace("https://", "https://alice:hunter2@")
    assert main(["release", "publish", str(record), "--to", url]) == 1
    captured = capfd.readouterr()
    assert "hunter2" not in captured.out + captured.err
    assert not (record / "state").exists()
