"""A sealed record, as text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.sizes import human_size
from spokeshave.testing.path_fixtures import sources_and
from spokeshave.testing.release_fixtures import COMMIT, RUNTIME, VERSION, smoke_report, write_wheels


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A record of two wheels, one of which was tested twice."""
    wheels = write_wheels(tmp_path / "wheels", tags=["cp311-cp311-win_amd64"])
    runs = [smoke_report(wheels[0], "3.11.4", emulator=emulator) for emulator in ("", "qemu-x86_64 10.0.2")]
    (tmp_path / "report.json").write_text(json.dumps(runs))
    arguments = ["--wheels", str(tmp_path / "wheels"), "--reports", str(tmp_path / "report.json")]
    facts = ["--name", "abacus", "--version", VERSION, "--commit", COMMIT, "--revision", "llvm=0a1b2c3"]
    assert main(["release", "seal", *arguments, *facts, "--output", str(tmp_path / "record")]) == 0
    return tmp_path / "record"


def test_a_record_is_shown_to_a_reader_that_stops(record: Path) -> None:
    """As by `spokeshave release show REC | head -1`."""
    command = [sys.executable, "-u", "-m", "spokeshave", "release", "show", str(record)]
    environment = {**os.environ, "PYTHONPATH": sources_and(os.environ.get("PYTHONPATH", ""))}
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(command, env=environment, check=False, stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_record_is_shown(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["release", "show", str(record), "--report", str(record.parent / "shown.json")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"abacus {VERSION}\n  commit: {COMMIT}\n  llvm: 0a1b2c3\n  manifest: sha256 ")
    size = human_size(next((record / "files").glob("*compiler*")).stat().st_size)
    assert size.endswith("B")
    assert f"abacus-compiler: 1 file, {size}, requires {RUNTIME}=={VERSION}\n" in shown
    tests = [line.split("B  ")[1] for line in shown.splitlines() if ".whl" in line]
    assert tests == ["not tested", "3.11 on Linux x86_64, glibc; 3.11 on Linux x86_64, glibc (qemu-x86_64)"]
    assert (record.parent / "shown.json").read_bytes() == (record / "release.json").read_bytes()


def test_a_changed_record_is_not_shown(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (record / "constraints.txt").write_text("")
    assert main(["release", "show", str(record)]) == 1
    assert "constraints.txt: was changed after it was sealed" in capsys.readouterr().err


def test_a_folder_without_a_record_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release", "show", str(tmp_path)]) == 1
    assert "release.json: cannot be read" in capsys.readouterr().err
