"""A real devpi-server as a destination of a release. The tools have a test with pypiserver."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.support.devpi import Devpi, devpi_server, install_devpi
from spokeshave.cli import main
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.destination.destination import Destination
from spokeshave.release.record import read_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.upload.attempt import AttemptStatus
from spokeshave_core.outcomes import Presence


@pytest.fixture(scope="module")
def devpi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devpi]:
    root = tmp_path_factory.mktemp("devpi")
    with devpi_server(install_devpi(root / "environment"), root / "server") as server:
        yield server


@contextlib.contextmanager
def opened(devpi: Devpi) -> Iterator[Destination]:
    with open_destination(devpi.url, DestinationOptions(), devpi.variables) as destination:
        yield destination


def wheel_of(folder: Path, name: str, code: str = "") -> Path:
    return build_wheel(folder, {f"{name}/__init__.py": code}, "py3-none-any", name=name, version="1.0")


def test_devpi_keeps_the_first_file_of_a_name(tmp_path: Path, devpi: Devpi) -> None:
    wheel = wheel_of(tmp_path, "first")
    other = wheel_of(tmp_path / "other", "first", "VALUE = 1")
    with opened(devpi) as index:
        assert not index.listing("first").exists
        assert index.send(wheel).status is AttemptStatus.STORED
        listing = index.listing("first")
        assert listing.exists
        assert [index.state_of(file, listing) for file in (wheel, other)] == [
            Presence.THERE,
            Presence.OTHER_BYTES,
        ]
        # devpi answers an identical file with 200 and a web page, and another one with 409. The listing decides.
        assert [index.send(file).status for file in (wheel, other)] == [
            AttemptStatus.ALREADY_THERE,
            AttemptStatus.REFUSED,
        ]
        assert "with other bytes" in str(index.send(other).problem)
        absent = "absent-1.0-py3-none-any.whl"
        assert index.hidden("first", [wheel.name, absent]) == {absent}


def test_pip_installs_from_devpi_what_was_sent(tmp_path: Path, devpi: Devpi) -> None:
    with opened(devpi) as index:
        index.send(wheel_of(tmp_path, "installed", "VALUE = 7"))
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--no-cache-dir"]
    command = [*pip, "--index-url", devpi.simple, "--target", str(tmp_path / "target"), "installed==1.0"]
    subprocess.run(command, check=True, capture_output=True)
    assert (tmp_path / "target/installed/__init__.py").read_text() == "VALUE = 7"


def test_a_wrong_password_is_refused_by_devpi(tmp_path: Path, devpi: Devpi) -> None:
    wrong = {**devpi.variables, "TWINE_PASSWORD": "guessed-5f0a"}
    with open_destination(devpi.url, DestinationOptions(), wrong) as index:
        attempt = index.send(wheel_of(tmp_path, "refused"))
        assert attempt.status is AttemptStatus.REFUSED
        assert "guessed-5f0a" not in str(attempt)
    with opened(devpi) as index:
        assert not index.listing("refused").exists


def publish(devpi: Devpi, record: Path) -> int:
    return main(["release", "publish", str(record), "--to", devpi.url, "--pause", "0.1", "--wait", "10"])


def test_a_release_on_devpi_is_published_once(tmp_path: Path, devpi: Devpi, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in devpi.variables.items():
        monkeypatch.setenv(name, value)
    record = write_release(tmp_path / "sealed")
    before = devpi.uploads()
    assert publish(devpi, record) == 0
    assert devpi.uploads() == before + len(read_record(record).files)
    shutil.rmtree(record / "state")
    assert publish(devpi, record) == 0
    assert main(["release", "status", str(record), "--to", devpi.url]) == 0
    other = write_release(tmp_path / "other", texts={"abacus-compiler": "OTHER = 1\n"})
    # The runtime of the other release has the same bytes, so that a part of it is there.
    assert publish(devpi, other) == 3
    assert devpi.uploads() == before + len(read_record(record).files)
