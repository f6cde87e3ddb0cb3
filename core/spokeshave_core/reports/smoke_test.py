"""Tests of smoke tests on other machines, matched by the wheel's bytes."""

from __future__ import annotations

import json

import pytest

from spokeshave_core.outcomes import Outcome
from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.reports.smoke import InvalidSmokeReportError, matching_run, other_bytes, parse_reports

WHEEL = "demo-1.0-cp312-abi3-macosx_11_0_arm64.whl"
V12 = PythonVersion(12)
OPTION = "--reports"


def report(
    outcome: str = "passed", version: str = "3.12.4", sha256: str = "ab", *, free_threaded: bool = False
) -> dict[str, object]:
    python = {"path": "/p", "version": version, "platform": "macOS 14.5 arm64", "free_threaded": free_threaded}
    reason = "" if outcome == "passed" else "import demo: it crashed"
    run = {"python": python, "outcome": outcome, "reason": reason, "checks": []}
    return {"wheel": WHEEL, "sha256": sha256, "runs": [run]}


def files(*reports: object) -> list[tuple[str, str]]:
    return [(f"reports/{number}.json", json.dumps(report)) for number, report in enumerate(reports)]


def test_a_run_counts_for_the_same_bytes_and_the_same_python() -> None:
    runs = parse_reports(files(report()), OPTION)
    found = matching_run(runs, "ab", V12)
    assert found is not None
    assert (found.run.outcome, found.where) == (Outcome.PASSED, "macOS 14.5 arm64")
    assert matching_run(runs, "cd", V12) is None
    assert matching_run(runs, "ab", PythonVersion(13)) is None


def test_a_report_may_contain_several_wheels() -> None:
    runs = parse_reports(files([report(), report(sha256="cd")]), OPTION)
    assert [run.sha256 for run in runs] == ["ab", "cd"]


def test_a_free_threaded_python_is_another_one() -> None:
    runs = parse_reports(files(report(version="3.13.1", free_threaded=True)), OPTION)
    assert matching_run(runs, "ab", PythonVersion(13)) is None
    assert matching_run(runs, "ab", PythonVersion(13, True)) is not None


def test_failures_outweigh_passes_and_skipped_runs_are_ignored() -> None:
    runs = parse_reports(files(report(), report("failed"), report("not run", version="")), OPTION)
    assert len(runs) == 2
    found = matching_run(runs, "ab", V12)
    assert found is not None
    assert found.run.outcome is Outcome.FAILED


def test_a_report_of_other_bytes_is_named() -> None:
    runs = parse_reports(files(report(sha256="cd")), OPTION)
    note = other_bytes(runs, WHEEL, "ab")
    assert note.startswith(f"reports/0.json describes other bytes with the name {WHEEL}, and does not count")
    assert other_bytes(runs, WHEEL, "cd") == ""
    assert other_bytes(runs, "other.whl", "ab") == ""


@pytest.mark.parametrize("text", ["", "3", '{"wheel": "a"}', '{"wheel": "a", "sha256": "b", "runs": [{}]}'])
def test_an_invalid_report_is_named_with_its_path(text: str) -> None:
    with pytest.raises(InvalidSmokeReportError, match=r"reports/x.json is not a report of smoke tests"):
        parse_reports([("reports/x.json", text)], OPTION)


def test_all_invalid_reports_are_named() -> None:
    with pytest.raises(InvalidSmokeReportError, match=r"(?s)a.json.*b.json"):
        parse_reports([("a.json", ""), ("b.json", "")], OPTION)
