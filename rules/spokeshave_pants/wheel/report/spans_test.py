"""Tests of the engine's work units. `report_page_test.py` of the end-to-end tests has real ones."""

from __future__ import annotations

from typing import Any

import pytest

from spokeshave_core.outcomes import Source
from spokeshave_pants.wheel.report.spans import Span, SpanCollector, looked_up, match_spans
from spokeshave_pants.wheel.report.totals import ProcessRow


def workunit(name: str, description: str, start: float, end: float, **metadata: Any) -> dict[str, Any]:
    """Return a completed work unit in the form of Pants' callbacks."""
    whole = int(start)
    duration = end - start
    return {
        "name": name,
        "description": description,
        "start_secs": whole,
        "start_nanos": round((start - whole) * 1e9),
        "duration_secs": int(duration),
        "duration_nanos": round(duration % 1 * 1e9),
        "metadata": metadata,
    }


def process(description: str, source: str, start: float, end: float, **metadata: Any) -> dict[str, Any]:
    return workunit(
        "process", f"Scheduling: {description}", start, end, **{"source": source, "exit_code": 0, **metadata}
    )


def spans(*workunits: dict[str, Any]) -> tuple[Span, ...]:
    collector = SpanCollector()
    for one in workunits:
        collector.add([one])
    return collector.spans


def close(span: Span, start: float, end: float) -> bool:
    return bool(span.start == pytest.approx(start) and span.end == pytest.approx(end))


def test_local_process_times_exclude_the_queue() -> None:
    (span,) = spans(
        workunit("run_local_process", "Compile a.cc", 104.5, 106.25), process("Compile a.cc", "Ran", 100.0, 106.5)
    )
    assert close(span, 104.5, 106.25)
    assert span.seconds == pytest.approx(1.75)
    assert (span.description, span.source, span.failed) == ("Compile a.cc", Source.RAN, False)


def test_remote_processes_end_when_their_result_arrives() -> None:
    (known,) = spans(process("Compile a.cc", "Ran", 100.0, 106.5, total_elapsed_ms=2000))
    assert close(known, 104.5, 106.5)
    (unknown,) = spans(process("Compile a.cc", "Ran", 100.0, 106.5))
    assert close(unknown, 100.0, 106.5)
    (clocks_differ,) = spans(process("Compile a.cc", "Ran", 100.0, 106.5, total_elapsed_ms=60_000))
    assert close(clocks_differ, 100.0, 106.5)


def test_a_hit_has_the_time_of_its_look_up() -> None:
    found = spans(
        process("Compile a.cc", "HitLocally", 100.0, 100.5, total_elapsed_ms=9000, saved_by_cache_ms=8500),
        process("Compile b.cc", "HitRemotely", 101.0, 102.0),
    )
    assert [(span.source, span.seconds) for span in found] == [(Source.HIT_LOCALLY, 0.5), (Source.HIT_REMOTELY, 1.0)]
    assert looked_up(found) == 1.5


def test_failed_processes_are_marked_and_cancelled_skipped() -> None:
    cut_off = workunit("process", "Scheduling: Compile b.cc", 100.0, 101.0)
    (span,) = spans(process("Compile a.cc", "Ran", 100.0, 101.0, exit_code=1), cut_off)
    assert span.failed
    assert span.description == "Compile a.cc"


def test_other_work_units_are_ignored() -> None:
    assert spans(workunit("link", "Link a shared library", 100.0, 101.0)) == ()


def test_spans_are_matched_to_rows_and_the_rest_returned() -> None:
    rows = (
        ProcessRow(kind="compile", description="Compile a.cc", source=Source.RAN, milliseconds=5),
        ProcessRow(kind="compile", description="Compile b.cc", source=Source.MEMOIZED, milliseconds=5),
        ProcessRow(kind="compile", description="Compile c.cc", source=Source.HIT_LOCALLY, milliseconds=5),
        ProcessRow(
            kind="compile",
            description="Compile c.cc",
            source=Source.HIT_LOCALLY,
            milliseconds=5,
            output="another variant",
        ),
    )
    again = Span(description="Compile a.cc", source=Source.RAN, start=3, end=4)
    first = Span(description="Compile c.cc", source=Source.HIT_LOCALLY, start=1, end=2)
    second = Span(description="Compile c.cc", source=Source.HIT_LOCALLY, start=1, end=3)
    tools = Span(description="Install the pinned wheel tools", source=Source.RAN, start=0, end=9)
    before = Span(description="Compile a.cc", source=Source.RAN, start=1, end=2)
    matched, rest = match_spans(rows, [again, first, second, tools, before])
    assert matched == {0: again, 2: second, 3: first}
    assert sorted(rest, key=lambda span: span.start) == [tools, before]
