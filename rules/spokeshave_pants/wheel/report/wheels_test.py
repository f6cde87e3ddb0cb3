"""Tests of the table at the end of `package`, and of the JSON report."""

from __future__ import annotations

import dataclasses
import json

import pytest

from spokeshave_pants.wheel.report.totals import ProcessRow
from spokeshave_pants.wheel.report.wheels import (
    ActionRow,
    CheckRow,
    PythonOutcome,
    WheelReport,
    from_json,
    human_size,
    processes_from_json,
    render_table,
    to_json,
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
    actions=(ActionRow("compile", 3, 2, 1, 4), ActionRow("link", 1, 0, 0, 0)),
    smoke=(
        PythonOutcome("3.12", "passed", checks=(CheckRow("tests", "passed", "7 passed"),)),
        PythonOutcome("3.13", "not run", "this machine has no Python 3.13"),
    ),
)
PROCESSES = (
    ProcessRow("compile", "Compile a.cc", "ran", 120, "aa"),
    ProcessRow("compile", "Compile b.cc", "hit_remotely", None),
    ProcessRow("link", "Link x.so", "ran", 40, "cc", (0, 1)),
)


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
    check = CheckRow("script daemon", "not run", "left out by smoke_scripts (--skip-script)")
    smoke = tuple(PythonOutcome(python, "passed", checks=(check,)) for python in ("3.12", "3.13"))
    table = render_table((dataclasses.replace(REPORT, smoke=smoke),))
    assert "not run on Python 3.12, 3.13: script daemon (left out by smoke_scripts (--skip-script))" in table


def test_a_failed_test_is_in_capitals() -> None:
    assert "3.12 FAILED" in rows(dataclasses.replace(REPORT, smoke=(PythonOutcome("3.12", "failed", "x"),)))[0]


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


def test_json_round_trips() -> None:
    text = to_json((REPORT, dataclasses.replace(REPORT, size=1)), PROCESSES)
    assert from_json(text) == (REPORT, dataclasses.replace(REPORT, size=1))
    assert processes_from_json(text) == PROCESSES


def test_json_is_the_same_text_for_the_same_wheels() -> None:
    text = to_json((REPORT,), PROCESSES)
    assert text == to_json(from_json(text), processes_from_json(text)) and text.endswith("}\n")
    assert list(json.loads(text)["wheels"][0]) == sorted(dataclasses.asdict(REPORT))


def test_no_wheels_are_a_report_too() -> None:
    assert from_json(to_json(())) == () and processes_from_json(to_json(())) == ()


def test_json_has_the_totals_of_its_processes() -> None:
    compiles, links, everything = json.loads(to_json((REPORT,), PROCESSES))["totals"]
    assert (compiles["stage"], links["stage"], everything["stage"]) == ("compile", "link", "all")
    assert everything["ran"] == {"actions": 2, "milliseconds": 160, "without_time": 0}
    assert everything["saved"] == {"actions": 1, "milliseconds": 0, "without_time": 1}


def test_the_machine_of_a_run_is_shown_if_not_this_one() -> None:
    smoke = (
        PythonOutcome("3.11", "passed", where="qemu-aarch64 10.0.13"),
        PythonOutcome("3.12", "passed", where="elsewhere: macOS 14.5 arm64"),
    )
    (row,) = rows(dataclasses.replace(REPORT, smoke=smoke))
    assert row.endswith("3.11 ok (qemu-aarch64 10.0.13)  3.12 ok (elsewhere: macOS 14.5 arm64)")
    (again,) = from_json(to_json((dataclasses.replace(REPORT, smoke=smoke),)))
    assert again.smoke == smoke


def test_reasons_are_listed_once_with_all_their_pythons() -> None:
    not_run = [PythonOutcome(python, "not run", "nothing here emulates macOS", ()) for python in ("3.11", "3.12")]
    table = render_table(tuple(dataclasses.replace(REPORT, smoke=(outcome,)) for outcome in not_run))
    assert table.count("nothing here emulates macOS") == 1
    assert "not run on Python 3.11, 3.12: nothing here emulates macOS" in table
