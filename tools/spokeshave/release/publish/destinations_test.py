"""Releases on destinations of other kinds: folders, an index that does not compare bytes, and two indexes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.release.integrity import read_sums
from spokeshave.release.record import FILES, SUMS, read_record
from spokeshave.testing.index_fixtures import PASSWORD, USERNAME, PypiServer, pypi_server
from spokeshave.testing.pypi_like_fixtures import pypi_like
from spokeshave.testing.sealed_fixtures import write_release

FAST = ("--pause", "0.01", "--wait", "0.3")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write_release(tmp_path / "sealed")


@pytest.fixture
def pypiserver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiServer]:
    """An index that refuses each second upload of a name, also of the same bytes."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TWINE_USERNAME", USERNAME)
    monkeypatch.setenv("TWINE_PASSWORD", PASSWORD)
    with pypi_server(tmp_path / "index") as running:
        yield running


def manifest(record: Path) -> dict[str, str]:
    return {file.name: file.sha256 for file in read_record(record).files}


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256_of_file(path)[0] for path in folder.iterdir()}


def publish(record: Path, to: str) -> int:
    return main(["release", "publish", str(record), "--to", to, *FAST])


def test_pypiserver_has_the_release_after_one_run(pypiserver: PypiServer, record: Path) -> None:
    assert publish(record, pypiserver.url) == 0
    assert hashes(pypiserver.folder) == manifest(record)
    assert pypiserver.uploads == 5
    assert publish(record, pypiserver.url) == 0
    assert pypiserver.uploads == 5


def test_another_file_on_pypiserver_is_not_taken_as_done(
    pypiserver: PypiServer, record: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = write_release(tmp_path / "other", texts={"abacus-compiler": "OTHER = 1\n"})
    compiler = next((other / FILES).glob("abacus_compiler*win*"))
    shutil.copy(compiler, pypiserver.folder)
    assert publish(record, pypiserver.url) == 1
    assert pypiserver.uploads == 0
    errors = capfd.readouterr().err.splitlines()
    assert [line for line in errors if compiler.name in line and "with other bytes" in line]


def test_a_folder_gets_the_whole_release_at_once(record: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    assert publish(record, f"folder:{folder}") == 0
    assert read_sums(folder) == manifest(record)
    assert hashes(folder) == {**manifest(record), SUMS: sha256_of_file(folder / SUMS)[0]}
    assert publish(record, f"folder:{folder}") == 0
    assert main(["release", "status", str(record), "--to", f"folder:{folder}"]) == 0


def test_a_second_index_gets_the_same_bytes(record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    before = hashes(record / FILES), (record / "release.json").read_bytes(), (record / "SHA256SUMS").read_bytes()
    with pypi_like(tmp_path / "testpypi") as first, pypi_like(tmp_path / "pypi") as second:
        for name, value in first.variables.items():
            monkeypatch.setenv(name, value)
        assert publish(record, first.upload_url) == 0
        assert publish(record, second.upload_url) == 0
        assert first.sha256s() == second.sha256s() == manifest(record)
    assert before == (
        hashes(record / FILES),
        (record / "release.json").read_bytes(),
        (record / "SHA256SUMS").read_bytes(),
    )
    assert main(["release", "status", str(record)]) == 1
