"""The publisher's process killed anywhere, and what installers and a rerun on another machine get."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import requests
from packaging.version import Version

from spokeshave.cli import main
from spokeshave.pythons.pip import pip_folder
from spokeshave.release.record import FILES, read_record
from spokeshave.testing.killing_fixtures import Trial, faults
from spokeshave.testing.path_fixtures import sources_and
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like_of_user
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind, Moment, Place
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.testing.tracing_fixtures import Watch
from spokeshave_core.release.publish import PublishReport

if sys.platform == "win32":
    pytest.skip("there is no SIGKILL, and no fork", allow_module_level=True)

OLD = "3.11.0"
NEW = "3.12.0"
FAST = ("--pause", "0.01", "--wait", "5")
UPLOADS = 5
# The requests of pages that follow the last upload.
HTML_PAGES = 4


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The records of the old and the new release."""
    folder = tmp_path_factory.mktemp("sealed")
    return write_release(folder / "old", OLD), write_release(folder / "new", NEW)


@pytest.fixture
def record(tmp_path: Path, releases: tuple[Path, Path]) -> Path:
    return Path(shutil.copytree(releases[1], tmp_path / "first machine" / NEW))


@pytest.fixture(scope="module")
def old_state(tmp_path_factory: pytest.TempPathFactory, releases: tuple[Path, Path]) -> Path:
    """The folder of a server that has the old release."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, pypi_like_of_user(home, patch) as running:
        assert main(arguments(running, releases[0])) == 0
    (running.folder / "requests.jsonl").unlink()
    return running.folder


@pytest.fixture
def server(tmp_path: Path, old_state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    """A server that has the old release."""
    shutil.copytree(old_state, tmp_path / "pypi")
    with pypi_like_of_user(tmp_path, monkeypatch) as running:
        yield running


def arguments(server: PypiLike, record: Path, *options: str) -> list[str]:
    return ["release", "publish", str(record), "--to", server.upload_url, *FAST, *options]


def publish_in_child(argv: Sequence[str], environment: dict[str, str]) -> None:
    """Publish in a process that was forked from one with the tools' modules."""
    os.environ.update(environment)
    sys.exit(main(list(argv)))


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["spokeshave.release.publish.command", __name__])


@contextlib.contextmanager
def publisher(server: PypiLike, record: Path, *options: str) -> Iterator[int]:
    """Run the command as a process of its own, which is killed at the end of the block; its id."""
    environment = {**server.variables, "HOME": os.environ["HOME"]}
    process = FORKS.Process(target=publish_in_child, args=(arguments(server, record, *options), environment))
    process.start()
    assert process.pid is not None
    try:
        yield process.pid
    finally:
        process.kill()
        process.join()


def kill_at(server: PypiLike, record: Path, fault: Fault) -> None:
    """Kill a publisher with SIGKILL as soon as the server hangs in a request of it."""
    before = len(server.requests())
    server.change(faults=[fault])
    with publisher(server, record):
        server.wait_until(lambda log: any("hangs" in request.events for request in log[before:]))
    server.change(faults=[])


def hang(place: Place, skip: int, moment: Moment = Moment.BEFORE) -> Fault:
    return Fault(FaultKind.HANG, place=place, moment=moment, skip=skip, name="abacus*")


@needs_system_calls
def test_a_rerun_continues_after_a_kill_anywhere(
    old_state: Path, releases: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed before a request, in it, after its answer and in its journal, and another machine continues."""
    home = tmp_path / "home"
    record = tmp_path / "first machine" / NEW
    other_machine = tmp_path / "another machine" / "downloads"
    servers: list[PypiLike] = []
    with contextlib.ExitStack() as running:

        def prepared() -> Callable[[], int]:
            running.close()
            for folder in (home, record, other_machine):
                shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(releases[1], record)
            shutil.copytree(old_state, home / "pypi")
            server = running.enter_context(pypi_like_of_user(home, monkeypatch))
            servers.append(server)
            return lambda: main(arguments(server, record))

        # How often a page is read depends on the time.
        for _ in Trial(prepared, Watch((record,), sends=True), most=24, is_exact=False).runs():
            server = servers[-1]
            assert_installable(server)
            shutil.copytree(record, other_machine, ignore=shutil.ignore_patterns("state"))
            assert main(arguments(server, other_machine)) == 0
            assert_published_once(server, record)
        for run in faults(prepared, record, most=3):
            # A journal is not needed.
            assert run.exit_code == 0
            assert "the journal" in run.output
            assert_published_once(servers[-1], record)


def test_a_run_that_is_killed_at_every_upload_ends_at_last(server: PypiLike, record: Path) -> None:
    """The journal stays, and each run dies at its first upload, after it was stored."""
    for _ in range(UPLOADS):
        kill_at(server, record, hang(Place.UPLOAD, 0, Moment.STORED))
        assert_installable(server)
    assert main(arguments(server, record)) == 0
    assert_published_once(server, record)
    events = [json.loads(line)["event"] for line in next((record / "state").iterdir()).read_text().splitlines()]
    assert events.count("sending") == UPLOADS
    assert events.count("listed") == UPLOADS


@pytest.mark.parametrize(
    ("event", "version"),
    [
        pytest.param(hang(Place.UPLOAD, 3, Moment.MIDWAY), OLD, id="compiler midway"),
        pytest.param(hang(Place.UPLOAD, 3, Moment.STORED), None, id="a compiler for one platform"),
        pytest.param(hang(Place.HTML, HTML_PAGES - 1), NEW, id="verification"),
    ],
)
def test_pip_installs_the_old_or_the_whole_new_release(
    server: PypiLike, record: Path, event: Fault, version: str | None
) -> None:
    kill_at(server, record, event)
    found = [installed_by_pip(server, platform) for platform in ("manylinux_2_17_x86_64", "win_amd64")]
    if version is None:
        # Each platform has all of one release.
        assert sorted(versions["abacus-compiler"] for versions in found) == [OLD, NEW]
    else:
        assert {versions["abacus-compiler"] for versions in found} == {version}
    assert all(versions["abacus-runtime"] == versions["abacus-compiler"] for versions in found)


def installed_by_pip(server: PypiLike, platform: str) -> dict[str, str]:
    """Return the versions that pip chooses for a platform."""
    command = [sys.executable, "-I", str(pip_folder()), "--isolated", "--disable-pip-version-check", "install"]
    options = ["--dry-run", "--quiet", "--report", "-", "--no-cache-dir", "--ignore-installed", "--target", "unused"]
    where = ["--index-url", server.simple_url, "--only-binary", ":all:", "--python-version", "3.12"]
    done = subprocess.run(
        [*command, *options, *where, "--platform", platform, "abacus-compiler"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    chosen = json.loads(done.stdout)["install"]
    return {each["metadata"]["name"].replace("_", "-"): each["metadata"]["version"] for each in chosen}


def assert_installable(server: PypiLike) -> None:
    """Both simple pages have no compiler for a platform whose pinned runtime is not whole."""
    for kind in ("text/html", "application/vnd.pypi.simple.v1+json"):
        pages = {
            project: requests.get(f"{server.simple_url}{project}/", headers={"Accept": kind}, timeout=10).text
            for project in ("abacus-runtime", "abacus-compiler")
        }
        for version in (OLD, NEW):
            has_compiler = f"abacus_compiler-{version}-" in pages["abacus-compiler"]
            runtime = [
                f"abacus_runtime-{version}-py3-none-{each}.whl" for each in ("manylinux_2_17_x86_64", "win_amd64")
            ]
            missing = [
                name for name in (*runtime, f"abacus_runtime-{version}.tar.gz") if name not in pages["abacus-runtime"]
            ]
            assert not has_compiler or missing == []


def assert_published_once(server: PypiLike, record: Path) -> None:
    """The index has the old release and the record's files, and no request stored other bytes or a file again."""
    wanted = {file.name: file.sha256 for file in read_record(record).files}
    stored = {name: sha256 for name, sha256 in server.sha256s().items() if NEW in name}
    assert stored == wanted
    uploads = [request for request in server.uploads() if NEW in request.file]
    assert sorted(request.file for request in uploads if request.stored) == sorted(wanted)
    assert {request.status for request in uploads} <= {200, None}
    assert {Version(file.version) for file in server.stored()} == {Version(OLD), Version(NEW)}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_with_the_list(server: PypiLike, record: Path, tmp_path: Path, name: str) -> None:
    before = len(server.requests())
    server.change(faults=[hang(Place.UPLOAD, 1, Moment.MIDWAY)])
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "spokeshave", *arguments(server, record, "--report", str(report))]
    environment = {**os.environ, "PYTHONPATH": sources_and("")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    server.wait_until(lambda log: any("hangs" in request.events for request in log[before:]))
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert f"was interrupted by {name}" in err
    assert "Traceback" not in out + err
    outcomes = [file.outcome.value for file in PublishReport.from_json(report.read_text()).files]
    assert outcomes == ["unconfirmed", "unconfirmed", "not sent", "not sent", "not sent"]
    server.change(faults=[])
    assert main(arguments(server, record)) == 0
    assert_published_once(server, record)


def test_a_signal_during_the_check_sends_nothing(server: PypiLike, record: Path) -> None:
    server.change(faults=[hang(Place.JSON, 0)])
    environment = {**server.variables, "HOME": os.environ["HOME"]}
    process = FORKS.Process(target=publish_in_child, args=(arguments(server, record), environment))
    process.start()
    server.wait_until(lambda log: any("hangs" in request.events for request in log))
    process.terminate()
    process.join()
    assert process.exitcode == 1
    assert server.uploads() == []


def test_two_publishers_at_once_both_end_as_done(server: PypiLike, record: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(record, tmp_path / "second"))
    environment = {**server.variables, "HOME": os.environ["HOME"]}
    processes = [
        FORKS.Process(target=publish_in_child, args=(arguments(server, each), environment)) for each in (record, other)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert_published_once(server, record)


def test_a_reader_that_ended_does_not_end_it(server: PypiLike, record: Path) -> None:
    command = [sys.executable, "-m", "spokeshave", *arguments(server, record, "--report", "/dev/full")]
    environment = {**os.environ, "PYTHONPATH": sources_and("")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "the report cannot be written" in err
    assert_published_once(server, record)


@pytest.mark.parametrize("change", ["removed", "other bytes"])
def test_a_file_that_changes_meanwhile_is_never_sent(server: PypiLike, record: Path, change: str) -> None:
    server.change(faults=[hang(Place.UPLOAD, 0)])
    victim = next((record / FILES).glob("abacus_compiler*win_amd64.whl"))
    environment = {**server.variables, "HOME": os.environ["HOME"]}
    process = FORKS.Process(target=publish_in_child, args=(arguments(server, record), environment))
    process.start()
    server.wait_until(lambda log: any("hangs" in request.events for request in log))
    content = victim.read_bytes()
    victim.unlink() if change == "removed" else victim.write_bytes(content[:-1] + b"x")
    server.change(faults=[])
    process.join()
    assert process.exitcode == 3
    assert not [request for request in server.uploads() if "compiler" in request.file]
    victim.write_bytes(content)
    assert main(arguments(server, record)) == 0
    assert_published_once(server, record)
