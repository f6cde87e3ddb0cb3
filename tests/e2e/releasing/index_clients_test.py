"""The clients of a release index: the oldest and the newest pip, uv, and two libraries that read the pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.support.project import Environment, install_pinned
from e2e.support.release_index import (
    ServedIndex,
    needs_nginx,
    oldest_pip,
    served_by_command,
    served_by_nginx,
    served_statically,
)
from spokeshave.cli import main
from spokeshave.release.record import read_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave_core.release.record import ReleaseFile

REPOSITORY = Path(__file__).parents[3]
PINS = REPOSITORY / "3rdparty/python/index-clients.txt"
READERS = Path(__file__).parents[1] / "support/index_readers.py"
RUNTIME = "abacus-runtime"
COMPILER = "abacus-compiler"
# With the upload time of each.
SETS = {"3.11.0": "2026-01-01", "3.12.0": "2026-02-01", "3.12.1": "2026-03-01", "3.13.0rc1": "2026-04-01"}
YANKED = "3.12.1"
REASON = 'sums <wrong> & "late"'
JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Client:
    """An installer.

    Attributes:
        arguments: Everything before the requirements, but for the folder to install to.
    """

    arguments: tuple[str, ...]

    def install(self, target: Path, *requirements: str) -> str:
        """Install into a new folder. Return what it prints."""
        done = self.run("--target", str(target), *requirements)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
        return subprocess.run([*self.arguments, *arguments], env=variables, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Clients:
    """The installers, by their place in time."""

    environment: Environment
    oldest_pip: tuple[str, ...]

    def newest(self, index: ServedIndex) -> Client:
        return self._pip((str(self.environment.python), "-m", "pip"), index)

    def oldest(self, index: ServedIndex) -> Client:
        return self._pip(self.oldest_pip, index)

    def uv(self, index: ServedIndex) -> Client:
        program = str(Path(sys.executable).with_name("uv"))
        place = ("--python", str(self.environment.python), "--default-index", index.simple)
        return Client((program, "pip", "install", "--no-config", "--no-cache", *place))

    def _pip(self, pip: tuple[str, ...], index: ServedIndex) -> Client:
        options = (
            "--isolated",
            "--disable-pip-version-check",
            "install",
            "--no-cache-dir",
            "--root-user-action=ignore",
        )
        return Client((*pip, *options, "--index-url", index.simple))


NAMES = ("newest", "oldest", "uv")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Seal a record of each set."""
    root = tmp_path_factory.mktemp("sets")
    sealed = {}
    for version in SETS:
        for project, requires in ((RUNTIME, ""), (COMPILER, f"Requires-Dist: {RUNTIME}=={version}\n")):
            package = project.replace("-", "_")
            build_wheel(
                root / f"wheels-{version}",
                {f"{package}/__init__.py": f"VERSION = {version!r}\n"},
                "py3-none-any",
                name=package,
                version=version,
                metadata_lines=f"Requires-Python: >=3.9,<4\n{requires}",
            )
        sealed[version] = root / version
        options = ("--name", "abacus", "--version", version, "--output", str(sealed[version]))
        assert main(["release", "seal", "--wheels", str(root / f"wheels-{version}"), *options]) == 0
    return sealed


@pytest.fixture(scope="module")
def folder(records: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the index. One of its sets is yanked."""
    folder = tmp_path_factory.mktemp("index") / "index"
    for version, date in SETS.items():
        assert main(["index", "add", str(records[version]), str(folder), "--added", f"{date}T12:00:00Z"]) == 0
    assert main(["index", "yank", "abacus", YANKED, str(folder), "--reason", REASON]) == 0
    return folder


@pytest.fixture(scope="module")
def index(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedIndex]:
    with served_by_command(folder, tmp_path_factory.mktemp("serve") / "server") as served:
        yield served


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Clients:
    place = tmp_path_factory.mktemp("clients")
    return Clients(install_pinned(place / "environment", "3.12", PINS), oldest_pip(place / "oldest"))


def versions(target: Path) -> dict[str, str]:
    """Return the versions of what was installed into a folder."""
    stems = sorted(path.name[: -len(".dist-info")] for path in target.glob("*.dist-info"))
    return {name: version for name, _, version in (stem.partition("-") for stem in stems)}


def both(version: str) -> dict[str, str]:
    return {"abacus_compiler": version, "abacus_runtime": version}


def file_of(record: Path, project: str) -> ReleaseFile:
    (found,) = (file for file in read_record(record).files if file.project == project)
    return found


def downloads(requests: list[str], ending: str) -> list[str]:
    """Return the names of the files that were sent, by their ending."""
    return sorted(path.rpartition("/")[2] for path in requests if path.endswith(ending))


@pytest.mark.parametrize("name", NAMES)
def test_a_client_takes_the_newest_final_release(
    name: str, clients: Clients, index: ServedIndex, tmp_path: Path
) -> None:
    # 3.12.1 is yanked, and 3.13.0rc1 is a pre-release.
    getattr(clients, name)(index).install(tmp_path / "target", COMPILER)
    assert versions(tmp_path / "target") == both("3.12.0")


@pytest.mark.parametrize(("name", "option"), [("newest", "--pre"), ("oldest", "--pre"), ("uv", "--prerelease=allow")])
def test_a_pre_release_is_taken_on_request(
    name: str, option: str, clients: Clients, index: ServedIndex, tmp_path: Path
) -> None:
    getattr(clients, name)(index).install(tmp_path / "target", option, COMPILER)
    assert versions(tmp_path / "target") == both("3.13.0rc1")


@pytest.mark.parametrize("name", NAMES)
def test_a_yanked_release_is_installed_by_its_version(
    name: str, clients: Clients, index: ServedIndex, tmp_path: Path
) -> None:
    # uv takes a yanked dependency only if it is named itself.
    pinned = (f"{COMPILER}=={YANKED}", f"{RUNTIME}=={YANKED}")
    printed = getattr(clients, name)(index).install(tmp_path / "target", *pinned)
    assert versions(tmp_path / "target") == both(YANKED)
    assert "yanked" in printed
    assert REASON in printed


@pytest.mark.parametrize("name", NAMES)
def test_hashes_of_the_record_are_required(
    name: str, clients: Clients, index: ServedIndex, records: dict[str, Path], tmp_path: Path
) -> None:
    hashes = {project: file_of(records["3.11.0"], project).sha256 for project in (RUNTIME, COMPILER)}
    lines = [f"{project}==3.11.0 --hash=sha256:{sha256}\n" for project, sha256 in hashes.items()]
    (tmp_path / "hashes.txt").write_text("".join(lines))
    client = getattr(clients, name)(index)
    client.install(tmp_path / "target", "--require-hashes", "-r", str(tmp_path / "hashes.txt"))
    assert versions(tmp_path / "target") == both("3.11.0")


@pytest.mark.parametrize(
    ("name", "option"),
    [("newest", "--uploaded-prior-to=2026-02-01T11:59:59Z"), ("uv", "--exclude-newer=2026-02-01T11:59:59Z")],
)
def test_a_client_takes_what_was_there_at_a_time(
    name: str, option: str, clients: Clients, index: ServedIndex, tmp_path: Path
) -> None:
    getattr(clients, name)(index).install(tmp_path / "target", option, COMPILER)
    assert versions(tmp_path / "target") == both("3.11.0")


@pytest.mark.parametrize("name", ["newest", "uv"])
def test_resolution_reads_metadata_alone(name: str, clients: Clients, index: ServedIndex, tmp_path: Path) -> None:
    client = getattr(clients, name)(index)
    with index.requests() as requests:
        done = client.run("--target", str(tmp_path / "none"), "--dry-run", COMPILER)
        assert done.returncode == 0, done.stderr
    wheels = [f"{package}-3.12.0-py3-none-any.whl" for package in both("")]
    assert downloads(requests, ".metadata") == [f"{wheel}.metadata" for wheel in wheels]
    assert downloads(requests, ".whl") == []
    # The older runtime rules out the newest compiler, of which nothing but its metadata is read.
    with index.requests() as requests:
        client.install(tmp_path / "target", f"{COMPILER}>=3.11", f"{RUNTIME}==3.11.0")
    assert versions(tmp_path / "target") == both("3.11.0")
    assert downloads(requests, ".whl") == [f"{package}-3.11.0-py3-none-any.whl" for package in both("")]


def test_uv_installs_the_lock_file_of_a_fetched_release(clients: Clients, index: ServedIndex, tmp_path: Path) -> None:
    record = tmp_path / "record"
    assert main(["release", "fetch", "abacus==3.11.0", "--from", index.url, "--output", str(record)]) == 0
    clients.uv(index).install(tmp_path / "target", "-r", str(record / "pylock.abacus.toml"))
    assert versions(tmp_path / "target") == both("3.11.0")


def test_two_libraries_read_the_same_of_both_forms(
    clients: Clients, index: ServedIndex, records: dict[str, Path]
) -> None:
    python = str(clients.environment.python)
    done = subprocess.run([python, str(READERS), index.simple, RUNTIME], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    readings: dict[str, dict[str, Any]] = json.loads(done.stdout)
    facts = readings["pypi-simple, JSON"].pop("only_json")
    readings["pypi-simple, HTML"].pop("only_json")
    for reading in readings.values():
        for file in reading["files"].values():
            # No record of this test has attestations.
            assert file.pop("provenance", None) is None
    first, *others = readings.values()
    assert others == [first] * 3
    files = {version: file_of(record, RUNTIME) for version, record in records.items()}
    assert first == {
        "projects": [COMPILER, RUNTIME],
        "files": {
            file.name: {
                "url": f"{index.url}files/{file.sha256}/{file.name}",
                "sha256": file.sha256,
                "requires_python": ">=3.9,<4",
                "yanked": REASON if version == YANKED else None,
                "metadata_sha256": file.metadata_sha256,
            }
            for version, file in files.items()
        },
    }
    assert facts == {
        "versions": list(SETS),
        "status": "active",
        "files": [
            {"size": file.size, "uploaded": f"{SETS[version]}T12:00:00+00:00"} for version, file in files.items()
        ],
    }


def get(url: str, accept: str = "*/*") -> tuple[str, str, bytes]:
    """Return the last URL, the type and the body of an answer."""
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.url, response.headers["Content-Type"], response.read()


@needs_nginx
def test_nginx_serves_the_same_pages(folder: Path, index: ServedIndex, tmp_path: Path) -> None:
    with served_by_nginx(folder, tmp_path / "nginx") as nginx:
        for path in (
            "",
            "simple/",
            f"simple/{RUNTIME}/",
            f"simple/{RUNTIME}",
            "v1+json/",
            f"v1+json/{RUNTIME}/",
            f"v1+json/{RUNTIME}",
            "releases/abacus/3.12.0/",
            "releases/abacus/3.12.0/release.json",
            "find-links.html",
            "current/sets.jsonl",
        ):
            for accept in ("*/*", "text/html", f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"):
                ours = get(index.url + path, accept)
                theirs = get(nginx.url + path, accept)
                assert ours[0][len(index.url) :] == theirs[0][len(nginx.url) :]
                assert ours[1].partition(";")[0] == theirs[1].partition(";")[0], path
                assert ours[2] == theirs[2]
        for private in (
            "current/",
            "current/index.html",
            "generations/1/sets.jsonl",
            "lock",
            "releases/abacus/3.12.0/fragments/",
        ):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(nginx.url + private)


@needs_nginx
def test_clients_install_from_nginx(clients: Clients, folder: Path, tmp_path: Path) -> None:
    with served_by_nginx(folder, tmp_path / "nginx") as nginx:
        with nginx.requests() as requests:
            clients.newest(nginx).install(tmp_path / "pip", "--uploaded-prior-to=2026-01-15", COMPILER)
        clients.uv(nginx).install(tmp_path / "uv", "--exclude-newer=2026-01-15", COMPILER)
    assert versions(tmp_path / "pip") == versions(tmp_path / "uv") == both("3.11.0")
    assert len(downloads(requests, ".metadata")) == len(downloads(requests, ".whl")) == len(both(""))


@pytest.mark.parametrize("name", ["newest", "oldest"])
def test_a_server_without_negotiation_is_enough(name: str, clients: Clients, folder: Path, tmp_path: Path) -> None:
    with served_statically(folder, tmp_path / "static") as static:
        getattr(clients, name)(static).install(tmp_path / "target", COMPILER)
        assert get(f"{static.url}current/sets.jsonl")[2] == (folder / "current/sets.jsonl").read_bytes()
        for private in ("generations/", "current/index.html"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(static.url + private)
    assert versions(tmp_path / "target") == both("3.12.0")


def test_a_flat_page_is_for_find_links(clients: Clients, index: ServedIndex, tmp_path: Path) -> None:
    pip = clients.oldest(index)
    pip.install(tmp_path / "target", "--no-index", "--find-links", f"{index.url}find-links.html", COMPILER)
    assert versions(tmp_path / "target") == both("3.12.0")
