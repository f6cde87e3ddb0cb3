from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from spokeshave.pythons.pip import pip_folder
from spokeshave.testing.ci_identity_fixtures import identity_token
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like, pypi_like_process
from spokeshave.testing.pypi_rules_fixtures import API_TOKEN, PUBLISHER, Fault, FaultKind, Moment, Place
from spokeshave.testing.sdist_fixtures import write_sdist
from spokeshave.testing.uv_fixtures import uv

DAY = 24 * 60 * 60
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PypiLike]:
    with pypi_like(tmp_path / "pypi") as running:
        yield running


def wheel_of(folder: Path, name: str = "demo", version: str = "1.0", code: str = "") -> Path:
    files = {f"{name}/__init__.py": code}
    return build_wheel(folder, files, "py3-none-any", name=name, version=version)


def send(server: PypiLike, path: Path, token: str | None = API_TOKEN, **fields: str) -> requests.Response:
    """Post a file as the form of an upload, once."""
    name, version = path.name[: -len(".tar.gz")].split("-")[:2] if path.suffix == ".gz" else path.name.split("-")[:2]
    form = {":action": "file_upload", "protocol_version": "1", "name": name, "version": version, **fields}
    return requests.post(
        server.upload_url,
        data=form,
        files={"content": (path.name, path.read_bytes())},
        auth=("__token__", token) if token else None,
        timeout=30,
    )


def reason(response: requests.Response) -> str:
    return f"{response.status_code} {response.reason}"


def page(server: PypiLike, project: str = "demo") -> Any:
    return requests.get(f"{server.simple_url}{project}/", headers=JSON, timeout=30).json()


def html(server: PypiLike, project: str = "demo") -> requests.Response:
    return requests.get(f"{server.simple_url}{project}/", timeout=30)


def test_a_file_is_stored_once_and_never_replaced(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    other = wheel_of(tmp_path / "other", code="VALUE = 1")
    renamed = tmp_path / "demo-1.1-py3-none-any.whl"
    renamed.write_bytes(wheel.read_bytes())
    assert reason(send(server, wheel)) == "200 OK"
    assert reason(send(server, wheel)) == "200 OK"
    assert reason(send(server, other)).startswith("400 File already exists ('demo-1.0-py3-none-any.whl', with blake2")
    assert reason(send(server, renamed)).startswith("400 File already exists ('demo-1.1-py3-none-any.whl', with blake2")
    assert server.files() == {wheel.name: wheel.read_bytes()}
    assert [(request.status, request.stored) for request in server.uploads()] == [
        (200, True),
        (200, False),
        (400, False),
        (400, False),
    ]


def test_the_name_of_a_deleted_file_is_never_accepted_again(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    send(server, wheel)
    server.change(deleted=(wheel.name,))
    assert server.files() == {}
    assert page(server)["files"] == []
    assert reason(send(server, wheel)).startswith("400 This filename was previously used by a file that has since")


def test_sizes_are_limited_and_deleting_frees(tmp_path: Path, server: PypiLike) -> None:
    first = wheel_of(tmp_path)
    second = wheel_of(tmp_path, version="1.1", code="VALUE = 1")
    size = first.stat().st_size
    server.change(file_limit=size - 1)
    assert reason(send(server, first)).startswith("400 File too large. Limit for project 'demo' is 0 MB.")
    server.change(file_limit=10 * size, project_limits={"demo": second.stat().st_size})
    assert send(server, first).ok
    assert reason(send(server, second)).startswith("400 Project size too large. Limit for project 'demo' total size")
    # Warehouse looks at the project's size before it looks for the same file.
    assert reason(send(server, first)).startswith("400 Project size too large.")
    server.change(deleted=(first.name,))
    assert send(server, second).ok


def test_a_release_takes_new_files_for_fourteen_days(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    late = tmp_path / "demo-1.0-1-py3-none-any.whl"
    late.write_bytes(wheel_of(tmp_path / "late", code="VALUE = 1").read_bytes())
    send(server, wheel)
    server.change(clock=15 * DAY)
    assert reason(send(server, late)) == "400 Uploading new files to releases older than 14 days is not allowed."
    assert reason(send(server, wheel)) == "200 OK"
    assert send(server, wheel_of(tmp_path, version="1.1")).ok
    server.change(clock=13 * DAY)
    assert send(server, late).ok


@pytest.mark.parametrize("status", ["archived", "quarantined"])
def test_a_closed_project_is_shown_as_such(tmp_path: Path, server: PypiLike, status: str) -> None:
    send(server, wheel_of(tmp_path))
    server.change(statuses={"demo": status})
    answer = send(server, wheel_of(tmp_path, version="1.1"))
    found = page(server)
    assert found["project-status"] == {"status": status}
    assert bool(found["files"]) is (status == "archived")
    assert f'content="{status}"' in html(server).text
    # Warehouse lets a user, but no trusted publisher, upload to a quarantined project.
    assert answer.status_code == (403 if status == "archived" else 200)


def test_local_versions_and_unknown_classifiers_are_refused(tmp_path: Path, server: PypiLike) -> None:
    local = wheel_of(tmp_path, version="1.0+local")
    assert reason(send(server, local)).startswith("400 The use of local versions in '1.0+local' is not allowed.")
    server.change(local_versions=True, classifiers=("Topic :: Known",))
    assert send(server, local).ok
    answer = send(server, wheel_of(tmp_path), classifiers="Topic :: Unknown")
    assert reason(answer).startswith("400 'Topic :: Unknown' is not a valid classifier.")


def test_a_broken_or_misnamed_file_is_refused(tmp_path: Path, server: PypiLike) -> None:
    broken = tmp_path / "demo-1.0-py3-none-any.whl"
    broken.write_bytes(b"no zip")
    assert reason(send(server, broken)).startswith("400 Invalid distribution file.")
    wheel = wheel_of(tmp_path)
    assert reason(send(server, wheel, name="other")) == "400 Start filename for 'other' with 'other'."
    assert reason(send(server, wheel, version="2.0")) == "400 Version in filename should be '2.0' not '1.0'."
    assert reason(send(server, wheel, sha256_digest="0" * 64)).startswith("400 The digest supplied does not match")
    assert server.files() == {}


def test_an_sdist_has_the_name_of_its_project(tmp_path: Path, server: PypiLike) -> None:
    misnamed = write_sdist(tmp_path / "Demo-1.0.tar.gz", {"Demo-1.0/PKG-INFO": ""})
    assert reason(send(server, misnamed)) == "400 Filename 'Demo-1.0.tar.gz' is invalid, should be 'demo-1.0.tar.gz'."
    sdist = write_sdist(tmp_path / "demo-1.0.tar.gz", {"demo-1.0/PKG-INFO": ""})
    assert send(server, sdist).ok
    assert page(server)["files"][0]["core-metadata"] is False
    sdist = write_sdist(tmp_path / "demo-1.1.tar.gz", {"other/PKG-INFO": ""})
    assert reason(send(server, sdist)).startswith("400 Invalid distribution file.")


def test_the_pages_have_what_peps_say(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    send(server, wheel, requires_python=">=3.9")
    server.change(yanked={"demo 1.0": "broken"})
    found = page(server)
    (file,) = found["files"]
    metadata = requests.get(f"{file['url']}.metadata", timeout=30)
    assert found["meta"]["api-version"] == "1.4"
    assert (found["name"], found["versions"], found["project-status"]) == ("demo", ["1.0"], {"status": "active"})
    assert file["hashes"] == {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    assert (file["filename"], file["size"], file["yanked"]) == (wheel.name, wheel.stat().st_size, "broken")
    assert (file["requires-python"], file["provenance"]) == (">=3.9", None)
    assert file["upload-time"].endswith("Z")
    assert file["core-metadata"] == {"sha256": hashlib.sha256(metadata.content).hexdigest()}
    text = html(server).text
    for attribute in ('data-requires-python="&gt;=3.9"', 'data-yanked="broken"', "data-core-metadata=", "#sha256="):
        assert attribute in text
    assert requests.get(f"{server.simple_url}Demo", allow_redirects=False, timeout=30).status_code == 301
    assert requests.get(f"{server.simple_url}absent/", timeout=30).status_code == 404


def test_tokens_are_checked_and_expire(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    assert send(server, wheel, token="guessed").status_code == 403
    assert send(server, wheel, token=None).status_code == 403
    token = mint(server).json()["token"]
    server.change(clock=899)
    assert send(server, wheel, token=token).ok
    server.change(clock=901)
    assert reason(send(server, wheel, token=token)) == "403 Invalid API Token: token is expired"
    assert [request.credential for request in server.uploads()] == ["refused", "refused", "minted", "refused"]
    assert token not in (server.folder / "requests.jsonl").read_text()


def mint(server: PypiLike, subject: str = PUBLISHER, audience: str = "pypi") -> requests.Response:
    return mint_for(server, identity_token(subject, audience))


def mint_for(server: PypiLike, token: str) -> requests.Response:
    return requests.post(f"{server.origin}/_/oidc/mint-token", json={"token": token}, timeout=30)


def test_each_stored_file_can_take_time(tmp_path: Path, server: PypiLike) -> None:
    server.change(clock_step=8 * 60)
    token = mint(server).json()["token"]
    answers = [send(server, wheel_of(tmp_path, version=f"1.{number}"), token=token) for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 403]


def test_only_the_trusted_job_gets_a_token_and_only_once(server: PypiLike) -> None:
    identity = identity_token(PUBLISHER, "pypi")
    answers = [
        mint_for(server, identity),
        mint_for(server, identity),
        mint(server, subject="another job"),
        mint(server, audience="another index"),
    ]
    codes = [answer.json().get("errors", [{}])[0].get("code") for answer in answers]
    assert codes == [None, "invalid-reuse-token", "invalid-publisher", "invalid-token"]


def test_attestations_come_with_trusted_publishing_only(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    mine = json.dumps([attestation_of(wheel.name, sha256)])
    others = json.dumps([attestation_of(wheel.name, "0" * 64)])
    token = mint(server).json()["token"]
    assert "Attestations are only supported when using" in reason(send(server, wheel, attestations=mine))
    assert "subject does not match" in reason(send(server, wheel, token=token, attestations=others))
    assert "Malformed attestations" in reason(send(server, wheel, token=token, attestations="{"))
    assert send(server, wheel, token=token, attestations=mine).ok
    (file,) = page(server)["files"]
    served = requests.get(file["provenance"], timeout=30).json()
    assert served["attestation_bundles"][0]["attestations"] == json.loads(mine)


def attestation_of(name: str, sha256: str) -> dict[str, Any]:
    """An attestation in form, without a signature."""
    statement = {"subject": [{"name": name, "digest": {"sha256": sha256}}]}
    encoded = base64.b64encode(json.dumps(statement).encode()).decode()
    return {"version": 1, "envelope": {"statement": encoded, "signature": ""}, "verification_material": {}}


def test_a_status_is_answered_some_times(tmp_path: Path, server: PypiLike) -> None:
    wheel = wheel_of(tmp_path)
    server.change(faults=[Fault(FaultKind.STATUS, status=429, retry_after="7", skip=1, times=2)])
    answers = [send(server, wheel_of(tmp_path, version=f"1.{number}")) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"
    server.change(faults=[Fault(FaultKind.STATUS, name="other-*")])
    assert send(server, wheel).ok


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.DROP])
def test_a_connection_is_cut_at_each_moment(tmp_path: Path, server: PypiLike, kind: FaultKind, moment: Moment) -> None:
    wheel = wheel_of(tmp_path, code="#" + "x" * 10)
    server.change(faults=[Fault(kind, moment=moment)])
    with pytest.raises((requests.ConnectionError, http.client.HTTPException)):
        send(server, wheel)
    server.wait_until(lambda log: log[-1].events[-1] == "cut")
    assert bool(server.files()) is (moment is Moment.STORED)
    assert server.uploads()[0].status is None
    assert send(server, wheel).ok


@pytest.mark.parametrize("moment", Moment)
def test_a_request_hangs_until_the_fault_is_removed(tmp_path: Path, server: PypiLike, moment: Moment) -> None:
    wheel = wheel_of(tmp_path)
    server.change(faults=[Fault(FaultKind.HANG, moment=moment)])
    answers: list[requests.Response] = []
    sending = threading.Thread(target=lambda: answers.append(send(server, wheel)))
    sending.start()
    server.wait_until(lambda log: any("hangs" in request.events for request in log))
    assert bool(server.files()) is (moment is Moment.STORED)
    server.change(faults=[])
    sending.join()
    assert (answers[0].status_code, list(server.files())) == (200, [wheel.name])


def test_a_client_that_is_killed_midway_stores_nothing(tmp_path: Path, server: PypiLike) -> None:
    server.change(faults=[Fault(FaultKind.HANG, moment=Moment.MIDWAY)])
    code = f"""
import requests
data = {{"name": "demo", "version": "1.0"}}
requests.post({server.upload_url!r}, data=data, files={{"content": ("demo-1.0.tar.gz", b"x" * (1 << 24))}})
"""
    client = subprocess.Popen([sys.executable, "-c", code])
    server.wait_until(lambda log: any("hangs" in request.events for request in log))
    client.kill()
    client.wait()
    server.change(faults=[])
    server.wait_until(lambda log: log[0].events[-1] == "cut")
    assert server.files() == {}
    assert send(server, wheel_of(tmp_path)).ok


def test_an_answer_may_lie_and_a_project_may_be_full(tmp_path: Path, server: PypiLike) -> None:
    server.change(faults=[Fault(FaultKind.NOT_STORED), Fault(FaultKind.FULL, skip=1, times=None)])
    answers = [send(server, wheel_of(tmp_path, version=f"1.{number}")) for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert answers[2].reason.startswith("Project size too large.")
    assert list(server.files()) == ["demo-1.1-py3-none-any.whl"]


def test_a_stored_file_may_be_answered_with_an_error(tmp_path: Path, server: PypiLike) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, status=502, moment=Moment.STORED)])
    wheel = wheel_of(tmp_path)
    assert send(server, wheel).status_code == 502
    assert list(server.files()) == [wheel.name]


def test_a_page_is_stale_for_some_reads(tmp_path: Path, server: PypiLike) -> None:
    send(server, wheel_of(tmp_path))
    server.change(faults=[Fault(FaultKind.STALE, Place.HTML, times=2)])
    assert html(server).ok
    send(server, wheel_of(tmp_path, version="1.1"))
    assert ["1.1" in html(server).text for _ in range(3)] == [False, False, True]
    assert page(server)["versions"] == ["1.0", "1.1"]
    server.change(faults=[Fault(FaultKind.STALE, Place.JSON, times=None)])
    send(server, wheel_of(tmp_path, version="1.2"))
    assert page(server)["versions"] == ["1.0", "1.1"]
    assert "1.2" in html(server).text
    send(server, wheel_of(tmp_path, name="new"))
    assert requests.get(f"{server.simple_url}new/", headers=JSON, timeout=30).status_code == 404


def test_pages_and_tokens_may_fail_too(tmp_path: Path, server: PypiLike) -> None:
    send(server, wheel_of(tmp_path))
    server.change(
        faults=[
            Fault(FaultKind.STATUS, Place.JSON, status=503),
            Fault(FaultKind.STATUS, Place.MINT, skip=1, status=422),
        ]
    )
    assert requests.get(f"{server.simple_url}demo/", headers=JSON, timeout=30).status_code == 503
    assert [mint(server).status_code for _ in range(3)] == [200, 422, 200]


def test_a_process_has_the_state_of_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "pypi"
    with pypi_like(folder, api_token="pypi-mine") as first:
        send(first, wheel_of(tmp_path), token="pypi-mine")
    with pypi_like_process(folder, file_limit=10) as second:
        assert page(second)["versions"] == ["1.0"]
        assert reason(send(second, wheel_of(tmp_path, version="1.1"), token="pypi-mine")).startswith("400 File too")
        second.change(faults=[Fault(FaultKind.HANG)])
        with contextlib.suppress(requests.Timeout):
            requests.post(second.upload_url, files={"content": ("a", b"")}, timeout=0.2)
        assert [request.path for request in second.requests()] == ["/legacy/", "/simple/demo/", "/legacy/", "/legacy/"]


def test_pip_installs_from_it(tmp_path: Path, server: PypiLike) -> None:
    for version in ("1.0", "1.1"):
        send(server, wheel_of(tmp_path, version=version, code=f"VERSION = '{version}'"), requires_python=">=3.9")
    server.change(yanked={"demo 1.1": ""})
    pip = [
        sys.executable,
        "-I",
        str(pip_folder()),
        "--isolated",
        "--disable-pip-version-check",
        "install",
        "--no-cache-dir",
    ]
    command = [*pip, "--index-url", server.simple_url, "--target", str(tmp_path / "target"), "demo"]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "target/demo/__init__.py").read_text() == "VERSION = '1.0'"
    assert any(request.path.endswith(".metadata") for request in server.requests())


def test_uv_installs_from_it(tmp_path: Path, server: PypiLike) -> None:
    send(server, wheel_of(tmp_path, code="VERSION = '1.0'"), requires_python=">=3.9")
    command = [str(uv()), "pip", "install", "--no-cache", "--no-config", "--index-url", server.simple_url]
    subprocess.run([*command, "--python", sys.executable, "--target", str(tmp_path / "target"), "demo"], check=True)
    assert (tmp_path / "target/demo/__init__.py").read_text() == "VERSION = '1.0'"
    assert any(request.path.endswith(".metadata") for request in server.requests())
