"""The command `release promote`: what it prints and reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.promotion_fixtures import FINAL, seal_wheels
from spokeshave.testing.release_fixtures import (
    VERSION,
    write_wheels,
)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    return seal_wheels(folder, write_wheels(folder / "wheels"))


def test_the_command_prints_and_reports_what_it_did(
    sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["release", "promote", str(sealed), "--version", FINAL, "--output", str(tmp_path / "final")]
    assert main([*arguments, "--report", str(tmp_path / "report.json")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{VERSION} -> 3.12.0: 6 wheels, written to {tmp_path / 'final'}\n")
    assert printed.count("1 passed test of its payload") == 6
    assert "UNTESTED" not in printed
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["version"], report["promoted_from"], len(report["wheels"])) == (FINAL, VERSION, 6)


def test_the_command_says_aloud_what_is_untested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"demo/v.py": f"V = '{VERSION}'\n", "demo/history": "3.12.0rc1"}
    wheel = build_wheel(tmp_path / "wheels", files, version=VERSION)
    arguments = ["release", "promote", str(wheel.parent), "--version", FINAL, "--output", str(tmp_path / "final")]
    assert main(arguments) == 1
    texts = ["--rewrite-text", "demo/v.py", "--keep-text", "demo/history"]
    assert main([*arguments, "--untested", *texts]) == 0
    printed = capsys.readouterr().out
    for part in ("UNTESTED", "rewritten: demo/v.py", "still naming pre-releases: demo/history"):
        assert part in printed
    assert main(["release", "show", str(tmp_path / "final")]) == 0
    shown = f"{VERSION}, untested, with rewritten texts (demo/v.py), with texts that name candidates (demo/history)"
    assert f"promoted from: {shown}" in capsys.readouterr().out


def test_the_command_lists_packed_files_that_it_cannot_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = build_wheel(tmp_path / "wheels", {"demo/a.zst": b"\x28\xb5\x2f\xfd packed"}, version=VERSION).parent
    output = tmp_path / "final"
    arguments = [str(folder), "--untested", "--version", FINAL, "--output", str(output), "--report", f"{output}.json"]
    assert main(["release", "promote", *arguments]) == 0
    listed = "demo/a.zst (cannot be unpacked: its format is zstd)"
    assert f"not searched for {VERSION}: {listed}\n" in capsys.readouterr().out
    assert json.loads(Path(f"{output}.json").read_text())["wheels"][0]["unsearched"] == [listed]


def test_the_command_reports_every_problem(sealed: Path, tmp_path: Path) -> None:
    arguments = ["release", "promote", str(sealed), "--version", "3.13.0", "--output", str(tmp_path / "final")]
    assert main([*arguments, "--report", str(tmp_path / "report.json")]) == 1
    problems = json.loads((tmp_path / "report.json").read_text())["problems"]
    assert [problem["place"] for problem in problems] == ["--version 3.13.0"]


def test_a_destination_that_does_not_exist_is_refused(sealed: Path, tmp_path: Path) -> None:
    arguments = ["release", "promote", str(sealed), "--version", FINAL, "--output", str(tmp_path / "final")]
    assert main([*arguments, "--to", "nowhere", "--report", str(tmp_path / "report.json")]) == 1
    (problem,) = json.loads((tmp_path / "report.json").read_text())["problems"]
    assert "'nowhere' is not a destination" in problem["message"]
    assert not (tmp_path / "final").exists()
