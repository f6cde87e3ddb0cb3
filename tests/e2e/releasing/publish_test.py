"""Wheels published to a real index on loopback, and installed from it with pip."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from e2e.support.index import SECRETS, IndexServer, Login, free_port, index_server
from e2e.support.project import PantsRun, Project, find_python, install_from, running

PLATFORM = "manylinux2014_x86_64.manylinux_2_17_x86_64"
WHEELS = [f"spokeshave_tiny-1.0.0-cp3{minor}-cp3{minor}-{PLATFORM}.whl" for minor in (10, 12)]
OWN_VARIABLES = ("TWINE_USERNAME", "TWINE_PASSWORD", "TWINE_CERT")


@dataclass
class Publisher:
    """The tiny project, published as 1.0.0 by a daemon with the most verbose log.

    Attributes:
        outputs: The output of every run.
    """

    project: Project
    outputs: list[str] = field(default_factory=list)

    def publish(
        self,
        target: str,
        *options: str,
        variables: Mapping[str, str],
        level: str = "debug",
        daemon: bool = True,
        main_index: str = "",
        mirror: str = "",
    ) -> PantsRun:
        known = {"main-index": main_index, "mirror": mirror}
        repositories = {name: url for name, url in known.items() if url}
        names = (f"--wheel-publish-repositories={repositories}", "--release-version-channel=stable")
        arguments = (f"-l{level}", *names, *options, "publish", target)
        run = self.project.pants(*arguments, daemon=daemon, variables=variables)
        self.outputs.append(run.output)
        return run


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    root = tmp_path_factory.mktemp("publish") / "project"
    with pytest.MonkeyPatch.context() as patch, running(Project.copy(root, "tiny")) as project:
        for name in OWN_VARIABLES:
            patch.delenv(name, raising=False)
        yield Publisher(project)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[IndexServer]:
    with index_server(tmp_path / "index", Login()) as server:
        yield server


class CommandLines:
    """A repeated look at the command lines of this machine's processes."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._ended = threading.Event()

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    self.seen.add(file.read_bytes())

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()


def test_published_wheels_install_with_pip_and_work(publisher: Publisher, index: IndexServer, tmp_path: Path) -> None:
    run = publisher.publish("tiny:wheel", variables=index.login.variables(), main_index=index.url).checked()
    assert list(index.files()) == WHEELS
    for name in WHEELS:
        assert f"{name} published to @main-index ({index.url})." in run.stderr
    assert f"2 uploaded: {index.url}" in run.output
    # Its pyproject.toml has import-names, which need the newest metadata version that we write.
    with zipfile.ZipFile(index.folder / WHEELS[0]) as wheel:
        assert wheel.read("spokeshave_tiny-1.0.0.dist-info/METADATA").startswith(b"Metadata-Version: 2.5\n")

    for version in ("3.10", "3.12"):
        environment = install_from(tmp_path / version, version, index.simple, "spokeshave-tiny==1.0.0")
        code = "import tiny, importlib.metadata as m; print(tiny.answer(), m.version('spokeshave-tiny'))"
        assert environment.run(code, tmp_path) == "42 1.0.0"


@pytest.mark.usefixtures("tmp_path")
def test_existing_files_are_not_uploaded_again(publisher: Publisher, index: IndexServer) -> None:
    publisher.publish("tiny:wheel", variables=index.login.variables(), main_index=index.url).checked()
    first, *_ = WHEELS
    (index.folder / first).unlink()
    run = publisher.publish("tiny:wheel", variables=index.login.variables("_MAIN_INDEX"), main_index=index.url)
    assert f"1 uploaded, 1 already there: {index.url}" in run.checked().output
    assert run.ran() == []
    assert list(index.files()) == WHEELS


def test_several_repositories_each_with_its_login(publisher: Publisher, index: IndexServer, tmp_path: Path) -> None:
    with index_server(tmp_path / "mirror", Login()) as mirror:
        variables = {**index.login.variables(), **mirror.login.variables("_MIRROR")}
        publisher.publish("tiny:twice", variables=variables, main_index=index.url, mirror=mirror.url).checked()
        assert list(index.files()) == WHEELS
        assert index.files() == mirror.files()


def test_credentials_from_pypirc(publisher: Publisher, index: IndexServer, tmp_path: Path) -> None:
    login = f"username = {index.login.username}\npassword = {index.login.password}\n"
    (tmp_path / ".pypirc").write_text(
        f"[distutils]\nindex-servers = main-index\n[main-index]\nrepository = {index.url}\n{login}"
    )
    home = Path.home()
    variables = {
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(home / ".cache"),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT") or str(home / ".pyenv"),
    }
    run = publisher.publish("tiny:wheel", variables=variables).checked()
    assert f"{WHEELS[0]} published to @main-index." in run.stderr
    assert list(index.files()) == WHEELS


def problem_of(run: PantsRun) -> str:
    """Return the error at the end of a failed upload's output."""
    assert run.exit_code == 1, run.output
    assert "Traceback" not in run.output
    assert run.output.count("spokeshave upload: error") == 1
    return run.output.split("spokeshave upload: error\n")[1]


def test_a_wrong_password_is_reported(publisher: Publisher, index: IndexServer) -> None:
    run = publisher.publish("tiny:wheel", variables=Login().variables(), main_index=index.url)
    message = problem_of(run)
    assert message.startswith(f"{WHEELS[0]}: {index.url} rejects it: 403 ")
    assert "Check TWINE_USERNAME and TWINE_PASSWORD" in message
    assert f"{WHEELS[0]} failed for @main-index ({index.url})." in run.stderr
    assert index.files() == {}


def test_an_existing_wheel_with_other_bytes_is_reported(publisher: Publisher, index: IndexServer) -> None:
    publisher.publish("tiny:wheel", variables=index.login.variables(), main_index=index.url).checked()
    published = index.files()
    project = publisher.project
    project.replace("tiny/tiny/__init__.py", "The answer, from C++.", "Another answer.")
    try:
        run = publisher.publish("tiny:wheel", variables=index.login.variables(), main_index=index.url)
    finally:
        project.replace("tiny/tiny/__init__.py", "Another answer.", "The answer, from C++.")
    message = problem_of(run)
    for name in WHEELS:
        assert f"{name}: is already on {index.simple}, with other bytes" in message
    assert "publish under a new version" in message
    assert index.files() == published


def test_an_unreachable_index_is_reported(publisher: Publisher) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    message = problem_of(publisher.publish("tiny:wheel", variables=Login().variables(), main_index=url))
    assert message.startswith(f"{WHEELS[0]}: {url}simple/ cannot be reached: Connection refused")
    assert "Check the URL, the network and that the index runs." in message


def test_an_unknown_repository_is_reported(publisher: Publisher) -> None:
    message = problem_of(publisher.publish("tiny:wheel", variables=Login().variables()))
    assert message.startswith("the repository 'main-index': is not known: ~/.pypirc has no URL for it")


def test_a_url_with_credentials_is_refused_before_anything_runs(publisher: Publisher) -> None:
    url = f"http://alice:hidden@127.0.0.1:{free_port()}/"
    run = publisher.publish("tiny:wheel", variables={}, main_index=url)
    assert run.exit_code == 1
    assert "`[wheel-publish].repositories` for @main-index has a URL that contains credentials." in run.stderr


def test_nothing_is_published_without_a_repository(publisher: Publisher) -> None:
    run = publisher.publish("tiny:unpublished", variables=Login().variables()).checked()
    assert "tiny:unpublished skipped (no `repositories` specified for tiny:unpublished)" in run.stderr
    assert "Not published (no `repositories`): tiny:unpublished" in run.stderr
    assert not any(name in run.stderr for name in WHEELS)


def headers_of(version: str, archive: Path) -> str:
    """Write the headers of a Python here as an archive for `[python-headers].archives`."""
    include = subprocess.run(
        [find_python(version), "-I", "-c", "import sysconfig; print(sysconfig.get_path('include'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with tarfile.open(archive, "w:gz") as file:
        file.add(include, f"python/include/python{version}")
    return f"file://{archive}|{hashlib.sha256(archive.read_bytes()).hexdigest()}|{archive.stat().st_size}"


def test_a_wheel_that_passed_no_smoke_test_is_not_published(
    publisher: Publisher, index: IndexServer, tmp_path: Path
) -> None:
    archives = {version: headers_of(version, tmp_path / f"{version}.tar.gz") for version in ("3.10", "3.12")}
    run = publisher.publish(
        "tiny:wheel",
        f"--python-headers-archives={archives}",
        "--wheel-pythons-search-path=[]",
        variables=index.login.variables(),
        main_index=index.url,
    )
    assert run.exit_code == 1
    assert "tiny:wheel has wheels without a passed smoke test, so none of its wheels is published" in run.stderr
    for name, version in zip(WHEELS, ("3.10", "3.12")):
        assert f"* {name}\n    not run on Python {version}: this machine has no Python {version}" in run.stderr
    assert index.files() == {}


def test_credentials_are_nowhere(publisher: Publisher, index: IndexServer) -> None:
    watch = CommandLines()
    variables = index.login.variables()
    with watch.watched():
        publisher.publish("tiny:wheel", variables=variables, main_index=index.url).checked()
    root = publisher.project.root
    sandboxes = root.parent / "sandboxes"
    sandboxes.mkdir()
    kept = ("--keep-sandboxes=always", f"--local-execution-root-dir={sandboxes}")
    traced = publisher.publish(
        "tiny:wheel", *kept, variables=variables, level="trace", daemon=False, main_index=index.url
    )
    traced.checked()
    message = "".join(publisher.outputs)
    # Pants does log the process with its environment, and the command was seen: they would have been found.
    assert "TWINE_PASSWORD" in message
    assert any(b"upload" in line and index.url.encode() in line for line in watch.seen)

    for secret in SECRETS:
        assert secret.decode() not in message
        assert not any(secret in line for line in watch.seen)
    assert list(root.glob(".pants.d/pants.log"))
    assert list(sandboxes.glob("*/__run.sh"))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pants"
    places = [root, sandboxes, root.parent / f"{root.name}-log", cache / "lmdb_store"]
    assert holding(places) == []


def holding(places: list[Path]) -> list[tuple[Path, bytes]]:
    """Return the files below some folders that contain a secret."""
    found = []
    for file in (path for place in places for path in place.rglob("*")):
        if file.is_file() and not file.is_symlink() and file.stat().st_size:
            with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
                found += [(file, secret) for secret in SECRETS if content.find(secret) >= 0]
    return found
