"""Tests that pins are downloaded from the index of the requirements file, with any other options in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.pythons.fetch import FetchError, fetch
from spokeshave.pythons.interpreter import inspect
from spokeshave.testing.index_fixtures import pypi_server
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.report_fixtures import read_report
from spokeshave_core.reports.fetch import FetchReport


def test_a_file_with_index_options_is_fetched(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "index", {"demo/__init__.py": ""}, "py3-none-any", version="1.0")
    file = tmp_path / "requirements.txt"
    with pypi_server(tmp_path / "index") as index:
        file.write_text(
            f"\ufeff--index-url {index.url}simple/\n--trusted-host 127.0.0.1\n--only-binary :all:\n--no-binary other\n"
            f"\ndemo==1.0 ; python_version > '3' \\\n    --hash=sha256:{sha256_of_file(wheel)[0]}\n    # via -r a.in\n",
            "utf-8",
        )
        fetch(inspect(Path(sys.executable)), file, tmp_path / "fetched")
    assert [path.name for path in (tmp_path / "fetched").iterdir()] == [wheel.name]


def test_a_wheel_is_fetched_from_its_address(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": ""}, "py3-none-any", version="1.0")
    file = tmp_path / "requirements.txt"
    file.write_text(f"demo @ {wheel.as_uri()} --hash=sha256:{sha256_of_file(wheel)[0]}\n")
    fetch(inspect(Path(sys.executable)), file, tmp_path / "fetched")
    assert [path.name for path in (tmp_path / "fetched").iterdir()] == [wheel.name]


def test_the_command_reports_the_wheels(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": ""}, "py3-none-any", version="1.0")
    file = tmp_path / "requirements.txt"
    report = tmp_path / "report.json"
    file.write_text(f"demo @ {wheel.as_uri()} --hash=sha256:{sha256_of_file(wheel)[0]}\n")
    arguments = ["--python", sys.executable, "--requirements", str(file), "--into", str(tmp_path / "fetched")]
    assert main(["fetch", *arguments, "--report", str(report)]) == 0
    assert read_report(FetchReport, report) == FetchReport((wheel.name,))


@pytest.mark.parametrize("option", ["-f wheels", "--find-links=./wheels", "-f ${WHEELS}"])
def test_a_wheel_is_found_in_a_folder_next_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    wheel = build_wheel(tmp_path / "wheels", {"demo/__init__.py": ""}, "py3-none-any", version="1.0")
    file = tmp_path / "requirements.txt"
    file.write_text(f"--no-index {option}\ndemo==1.0 --hash=sha256:{sha256_of_file(wheel)[0]}\n")
    monkeypatch.setenv("WHEELS", "wheels")
    fetch(inspect(Path(sys.executable)), file, tmp_path / "fetched")
    assert [path.name for path in (tmp_path / "fetched").iterdir()] == [wheel.name]


def test_other_bytes_than_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"demo/__init__.py": ""}, "py3-none-any", version="1.0")
    file = tmp_path / "requirements.txt"
    file.write_text(f"demo @ {wheel.as_uri()} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(FetchError, match="could not be fetched"):
        fetch(inspect(Path(sys.executable)), file, tmp_path / "fetched")
