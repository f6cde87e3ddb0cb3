"""Tests of the page's facts about a run's actions and their times."""

from __future__ import annotations

import pytest

from spokeshave_core.outcomes import Source
from spokeshave_pants.wheel.report.page.run import PackageRun
from spokeshave_pants.wheel.report.spans import Span
from spokeshave_pants.wheel.report.totals import ProcessRow

# The pack took long once and is cached, the compile ran in this run, and the daemon kept the metadata.
PROCESSES = (
    ProcessRow(kind="metadata", description="Check the metadata", source=Source.MEMOIZED, milliseconds=300, output="m"),
    ProcessRow(
        kind="runtime pack",
        description="Make the runtime pack",
        source=Source.HIT_REMOTELY,
        milliseconds=60_000,
        output="p",
    ),
    ProcessRow(kind="compile", description="Compile a.cc", source=Source.RAN, milliseconds=2000, output="a"),
    ProcessRow(kind="link", description="Link a.so", source=Source.RAN, milliseconds=None, output="l", needs=(1, 2)),
    ProcessRow(
        kind="assemble", description="Assemble x", source=Source.RAN, milliseconds=500, output="x", needs=(0, 3)
    ),
)
SPANS = (
    Span(description="Install the compiler", source=Source.RAN, start=100, end=130),
    Span(description="Make the runtime pack", source=Source.HIT_REMOTELY, start=130, end=130.5),
    Span(description="Compile a.cc", source=Source.RAN, start=130, end=132),
    Span(description="Link a.so", source=Source.RAN, start=132, end=132.25),
    Span(description="Assemble x", source=Source.RAN, start=132.5, end=133),
)


def run(processes: tuple[ProcessRow, ...] = PROCESSES, spans: tuple[Span, ...] = SPANS) -> PackageRun:
    return PackageRun(started=95, seconds=40, succeeded=True, reports=(), processes=processes, spans=spans)


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
    tools = Span(description="Install the tools", source=Source.HIT_REMOTELY, start=95, end=99)
    assert run(spans=(*SPANS, tools)).looked_up == 0.5


def test_missing_times_stay_unknown() -> None:
    quiet = run(spans=())
    assert (quiet.looked_up, quiet.critical_seconds) == (None, 0.0)


def test_a_run_without_actions_has_no_path() -> None:
    assert (run((), ()).critical, run((), ()).cold_seconds) == ((), 0)
