"""Tests of `spokeshave metadata`: a pyproject.toml validated by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.testing.report_fixtures import read_report
from spokeshave_core.reports.assemble import MetadataReport


def test_what_a_pyproject_says_of_its_wheel_is_reported(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[project]\nname = "Demo.Tool"\nversion = "1.2"\nrequires-python = ">=3.10"\n')
    report = tmp_path / "report.json"
    assert main(["metadata", "--pyproject", str(pyproject), "--report", str(report)]) == 0
    assert read_report(MetadataReport, report) == MetadataReport("Demo.Tool", "1.2", ">=3.10")
    assert json.loads(report.read_text()) == {"name": "Demo.Tool", "static_version": "1.2", "requires_python": ">=3.10"}


def test_all_mistakes_are_reported_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[project]\nname = "demo"\nversion = "one"\nrequires-python = "3.x"\n')
    assert main(["metadata", "--pyproject", str(pyproject), "--report", str(tmp_path / "report.json")]) == 1
    message = capsys.readouterr().err
    assert "project.version" in message
    assert "project.requires-python" in message


SCRIPTS = """
[project]
name = "demo"
version = "1"
[project.scripts]
tool = "demo:main"
[project.gui-scripts]
g = "demo:main"
"""


def test_scripts_that_a_smoke_test_names_must_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(SCRIPTS)
    command = ["metadata", "--pyproject", str(pyproject), "--report", str(tmp_path / "report.json"), "--script"]
    assert main([*command, "tool"]) == 0
    assert main([*command, "tol", "--script", "g"]) == 1
    message = capsys.readouterr().err
    assert "project.scripts: has no 'tol', which `smoke_scripts` names" in message
    assert "project.scripts: has no 'g', which `smoke_scripts` names" in message
    assert "The console scripts ([project.scripts]) are: tool." in message


def test_unknown_scripts_are_reported_with_other_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[project]\nname = "demo"\nversion = "one"\n')
    report = tmp_path / "report.json"
    assert main(["metadata", "--pyproject", str(pyproject), "--report", str(report), "--script", "tool"]) == 1
    message = capsys.readouterr().err
    assert "project.version" in message
    assert "has no 'tool'" in message
    assert "are: none." in message


@pytest.mark.parametrize(
    ("own", "problem"),
    [("", None), ('Demo = "demo"', None), ('Demo = "other"', "is 'other', but the fields of the wheel need 'demo'")],
)
def test_an_added_entry_point_must_not_have_another_meaning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], own: str, problem: str | None
) -> None:
    pyproject = tmp_path / "pyproject.toml"
    groups = f'[project.entry-points."cmake.root"]\n{own}\n'
    pyproject.write_text(f'[project]\nname = "demo"\nversion = "1"\n{groups}')
    arguments = ["--pyproject", str(pyproject), "--report", str(tmp_path / "report.json")]
    code = main(["metadata", *arguments, "--entry-point", "cmake.root:Demo=demo"])
    message = capsys.readouterr().err
    assert (code, problem in message if problem else message) == ((1, True) if problem else (0, ""))


@pytest.mark.parametrize("text", ["cmake.root", "cmake.root:Demo", ":Demo=demo", "cmake.root:=demo", "g:n=1x"])
def test_an_entry_point_of_another_form_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["metadata", "--pyproject", "p", "--report", "r", "--entry-point", text])
    assert "is not of the form GROUP:NAME=MODULE" in capsys.readouterr().err
