"""Tests of the table at the end of `package`, and of the JSON report."""

from __future__ import annotations

import dataclasses
import json

import pytest

from spokeshave_core.outcomes import Outcome, Rule, Source
from spokeshave_core.reports.backend import BackendReport
from spokeshave_core.reports.smoke import CheckResult
from spokeshave_core.reports.verify import Finding
from spokeshave_pants.action import ActionCount, ActionKind
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.wheel.report.totals import ProcessRow
from spokeshave_pants.wheel.report.wheels import (
    BackendRun,
    PythonOutcome,
    RefusedWheel,
    TargetReport,
    WheelReport,
    human_size,
    render_table,
)

REPORT = WheelReport(
    target="src/python:runtime_wheel",
    wheel="abacus_runtime-1.2.0-cp312-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    version="1.2.0",
    platform="manylinux_2_17_x86_64",
    abi="cp312-abi3",
    tags=("cp312-abi3-manylinux2014_x86_64", "cp312-abi3-manylinux_2_17_x86_64"),
    size=123_456,
    sha256="ab" * 32,
    grafted=(),
    headers=("CPython 3.12.1 of this machine, not pinned",),
    actions=(
        ActionCount(kind=ActionKind.COMPILE, ran=3, hit_locally=2, hit_remotely=1, memoized=4),
        ActionCount(kind=ActionKind.LINK, ran=1, hit_locally=0, hit_remotely=0, memoized=0),
    ),
    smoke=(
        PythonOutcome(
            "3.12",
            Outcome.PASSED,
            checks=(CheckResult(name="tests", outcome=Outcome.PASSED, seconds=0.0, detail="7 passed"),),
        ),
        PythonOutcome("3.13", Outcome.NOT_RUN, "this machine has no Python 3.13"),
    ),
)
PROCESSES = (
    ProcessRow(kind="compile", description="Compile a.cc", source=Source.RAN, milliseconds=120, output="aa"),
    ProcessRow(kind="compile", description="Compile b.cc", source=Source.HIT_REMOTELY, milliseconds=None),
    ProcessRow(kind="link", description="Link x.so", source=Source.RAN, milliseconds=40, output="cc", needs=(0, 1)),
)


BACKEND = BackendReport(
    backend="setuptools.build_meta",
    requires=("setuptools",),
    asked_for=(),
    wheel="demo.whl",
    compiles=5,
    links=2,
    probes=7,
    refused=(),
)


def test_compiles_of_a_backend_are_counted() -> None:
    runs = (BackendRun(BACKEND, ran=True), BackendRun(dataclasses.replace(BACKEND, compiles=20), ran=False))
    report = dataclasses.replace(REPORT, backends=runs, foreign_ran=5, foreign_cached=20)
    text = render_table((report,))
    assert "8 / 27" in text
    assert text.count("built by setuptools.build_meta") == 1


def rows(*reports: WheelReport) -> list[str]:
    """Return the table's lines below its head."""
    return render_table(reports).splitlines()[2 : 2 + len(reports)]


def test_a_wheels_row_has_the_facts_for_a_release() -> None:
    (row,) = rows(REPORT)
    assert row.split() == [
        *("abacus_runtime", "cp312-abi3-manylinux_2_17_x86_64", "123.5", "kB"),
        *("3", "/", "7", "4", "/", "7", "3.12", "ok", "3.13", "not", "run"),
    ]


def test_reasons_of_skipped_tests_are_listed_once() -> None:
    other = dataclasses.replace(REPORT, wheel=REPORT.wheel.replace("runtime", "compiler"))
    table = render_table((REPORT, other))
    assert table.count("not run on Python 3.13: this machine has no Python 3.13") == 1


def test_a_check_that_was_not_run_is_said_below_the_table() -> None:
    check = CheckResult(
        name="script daemon", outcome=Outcome.NOT_RUN, seconds=0.0, detail="excluded by smoke_scripts (--skip-script)"
    )
    smoke = tuple(PythonOutcome(python, Outcome.PASSED, checks=(check,)) for python in ("3.12", "3.13"))
    table = render_table((dataclasses.replace(REPORT, smoke=smoke),))
    assert "not run on Python 3.12, 3.13: script daemon (excluded by smoke_scripts (--skip-script))" in table


def test_a_refused_wheel_is_named_below_the_table() -> None:
    finding = Finding(rule=Rule.TAG, place="WHEEL", message="has another tag", remedy="Build it again.")
    refused = RefusedWheel(
        target="src:wheel", wheel="demo-0.whl", platform="win_amd64", abi="cp312", findings=(finding, finding)
    )
    assert "refused: demo-0.whl: 2 problems" in render_table((REPORT,), (refused,))
    assert "refused: demo-0.whl: 2 problems" in render_table((), (refused,))
    assert "refused" not in render_table((REPORT,))


def test_a_failed_test_is_in_capitals() -> None:
    assert "3.12 FAILED" in rows(dataclasses.replace(REPORT, smoke=(PythonOutcome("3.12", Outcome.FAILED, "x"),)))[0]


def test_grafts_and_header_origins_are_below_the_table() -> None:
    table = render_table((dataclasses.replace(REPORT, grafted=("libone.so", "libtwo.so")),))
    assert "grafted: libone.so, libtwo.so into abacus_runtime" in table
    assert "headers: CPython 3.12.1 of this machine, not pinned" in table
    assert "version 1.2.0" in table


def test_rows_are_sorted() -> None:
    reports = [
        dataclasses.replace(REPORT, wheel=REPORT.wheel.replace("cp312-abi3", tag))
        for tag in ("cp310-cp310", "cp311-cp311")
    ]
    assert render_table(tuple(reports)) == render_table(tuple(reversed(reports)))


def test_a_tag_that_no_legacy_alias_comes_with_is_shown_as_it_is() -> None:
    name = "x-1-2-cp310-cp310-linux_x86_64.whl"
    assert rows(dataclasses.replace(REPORT, wheel=name))[0].split()[:2] == ["x", "cp310-cp310-linux_x86_64"]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_049, "1.0 kB"),
        (999_940, "999.9 kB"),
        (999_999, "1.0 MB"),
        (12_345_678, "12.3 MB"),
        (999_999_999, "1.0 GB"),
        (5_000_000_000_000, "5000.0 GB"),
    ],
)
def test_a_size_is_in_the_unit_that_a_person_reads(size: int, text: str) -> None:
    assert human_size(size) == text


def test_json_has_the_documented_keys() -> None:
    document = json.loads(TargetReport((REPORT, dataclasses.replace(REPORT, size=1)), PROCESSES).to_json())
    first, second = document["wheels"]
    assert (first["size"], second["size"]) == (123_456, 1)
    assert first["actions"][0] == {"kind": "compile", "ran": 3, "hit_locally": 2, "hit_remotely": 1, "memoized": 4}
    passed, not_run = first["smoke"]
    assert passed["checks"] == [{"name": "tests", "outcome": "passed", "seconds": 0.0, "detail": "7 passed"}]
    reason = "this machine has no Python 3.13"
    assert not_run == {"python": "3.13", "outcome": "not run", "reason": reason, "checks": [], "where": ""}
    assert document["processes"][2] == {
        "kind": "link",
        "description": "Link x.so",
        "source": "ran",
        "milliseconds": 40,
        "output": "cc",
        "needs": [0, 1],
        "platform": "",
        "calls": None,
    }


def test_json_is_the_same_text_for_the_same_wheels() -> None:
    text = TargetReport((REPORT,), PROCESSES).to_json()
    assert text == TargetReport((dataclasses.replace(REPORT),), PROCESSES).to_json()
    assert text.endswith("}\n")
    assert list(json.loads(text)["wheels"][0]) == sorted(dataclasses.asdict(REPORT))


def test_no_wheels_are_a_report_too() -> None:
    document = json.loads(TargetReport().to_json())
    assert (document["wheels"], document["processes"]) == ([], [])


def test_json_has_the_totals_of_its_processes() -> None:
    compiles, links, everything = json.loads(TargetReport((REPORT,), PROCESSES).to_json())["totals"]
    assert (compiles["stage"], links["stage"], everything["stage"]) == ("compile", "link", "all")
    assert everything["ran"] == {"actions": 2, "milliseconds": 160, "without_time": 0}
    assert everything["saved"] == {"actions": 1, "milliseconds": 0, "without_time": 1}


def test_the_machine_of_a_run_is_shown_if_not_this_one() -> None:
    smoke = (
        PythonOutcome("3.11", Outcome.PASSED, where="qemu-aarch64 10.0.13"),
        PythonOutcome("3.12", Outcome.PASSED, where="elsewhere: macOS 14.5 arm64"),
    )
    (row,) = rows(dataclasses.replace(REPORT, smoke=smoke))
    assert row.endswith("3.11 ok (qemu-aarch64 10.0.13)  3.12 ok (elsewhere: macOS 14.5 arm64)")
    (wheel,) = json.loads(TargetReport((dataclasses.replace(REPORT, smoke=smoke),)).to_json())["wheels"]
    assert [outcome["where"] for outcome in wheel["smoke"]] == [outcome.where for outcome in smoke]


def test_reasons_are_listed_once_with_all_their_pythons() -> None:
    not_run = [
        PythonOutcome(python=python, outcome=Outcome.NOT_RUN, reason="macOS cannot be emulated", checks=())
        for python in ("3.11", "3.12")
    ]
    table = render_table(tuple(dataclasses.replace(REPORT, smoke=(outcome,)) for outcome in not_run))
    assert table.count("macOS cannot be emulated") == 1
    assert "not run on Python 3.11, 3.12: macOS cannot be emulated" in table


def test_table_and_report_name_debug_builds() -> None:
    debug = dataclasses.replace(REPORT, build_type=BuildType.DEBUG)
    note = f"debug build: {REPORT.wheel} is not optimized and cannot be published"
    assert note in render_table((debug,)).splitlines()
    assert "debug" not in render_table((REPORT,))
    assert '"build_type": "debug"' in TargetReport(wheels=(debug,)).to_json()
