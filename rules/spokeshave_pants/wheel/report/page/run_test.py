"""Tests of the page's facts about a run's actions and their times."""

from __future__ import annotations

import pytest

from spokeshave_pants.wheel.report.page.run import PackageRun
from spokeshave_pants.wheel.report.spans import Span
from spokeshave_pants.wheel.report.totals import ProcessRow

# The pack took long once and is cached, the compile ran in this run, and the daemon kept the metadata.
PROCESSES = (
    ProcessRow("metadata", "Check the metadata", "memoized", 300, "m"),
    ProcessRow("runtime pack", "Make the runtime pack", "hit_remotely", 60_000, "p"),
    ProcessRow("compile", "Compile a.cc", "ran", 2000, "a"),
    ProcessRow("link", "Link a.so", "ran", None, "l", (1, 2)),
    ProcessRow("assemble", "Assemble x", "ran", 500, "x", (0, 3)),
)
SPANS = (
    Span("Install the compiler", "ran", 100, 130),
    Span("Make the runtime pack", "hit_remotely", 130, 130.5),
    Span("Compile a.cc", "ran", 130, 132),
    Span("Link a.so", "ran", 132, 132.25),
    Span("Assemble x", "ran", 132.5, 133),
)


def run(processes: tuple[ProcessRow, ...] = PROCESSES, spans: tuple[Span, ...] = SPANS) -> PackageRun:
    return PackageRun(95, 40, True, (), processes, spans)


def test_the_critical_path_is_of_the_time_that_this_run_spent() -> None:
    assert [step.process.description for step in run().critical] == ["Compile a.cc", "Link a.so", "Assemble x"]
    assert run().critical_seconds == pytest.approx(2.75)


def test_the_longest_chain_without_caches_differs() -> None:
    assert run().cold_seconds == pytest.approx(60.5)


def test_what_the_daemon_kept_has_no_time_in_this_run() -> None:
    kept = run().steps[0]
    assert (kept.span, kept.seconds) == (None, 0.0)


def test_processes_without_a_wheel_are_separate() -> None:
    assert [span.description for span in run().other_spans] == ["Install the compiler"]


def test_looking_up_is_counted_for_the_actions_behind_wheels() -> None:
    assert run().looked_up == 0.5
    tools = Span("Install the tools", "hit_remotely", 95, 99)
    assert run(spans=(*SPANS, tools)).looked_up == 0.5


def test_missing_times_stay_unknown() -> None:
    quiet = run(spans=())
    assert (quiet.looked_up, quiet.critical_seconds) == (None, 0.0)


def test_a_run_without_actions_has_no_path() -> None:
    assert (run((), ()).critical, run((), ()).cold_seconds) == ((), 0)
