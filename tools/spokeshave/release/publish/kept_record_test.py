"""Tests of `release publish --keep`, by which a build tool publishes a record from a sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like_of_user
from spokeshave.testing.sealed_fixtures import write_release


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write_release(tmp_path / "sandbox")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    with pypi_like_of_user(tmp_path, monkeypatch) as running:
        yield running


def test_a_copy_continues_without_the_original(
    tmp_path: Path, server: PypiLike, record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "dist/releases/abacus/1"
    server.change(project_limits={"abacus-compiler": 10})
    options = ("--to", server.upload_url, "--wait", "0", "--project-limit", "10G")
    assert main(["release", "publish", str(record), *options, "--keep", str(kept)]) == 3
    assert f"spokeshave release publish {kept} --to" in capsys.readouterr().err
    shutil.rmtree(record)
    assert sorted(path.name for path in kept.iterdir() if path.is_dir()) == ["files", "state"]
    server.change(project_limits={})
    assert main(["release", "publish", str(kept), *options]) == 0
    assert set(server.files()) == {path.name for path in (kept / "files").iterdir()}


def test_another_record_of_the_version_is_not_replaced(
    tmp_path: Path, server: PypiLike, record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(record, kept)
    next(iter((kept / "files").iterdir())).write_bytes(b"")
    assert main(["release", "publish", str(record), "--to", server.upload_url, "--keep", str(kept)]) == 1
    assert str(kept) in capsys.readouterr().err
    assert server.uploads() == []
