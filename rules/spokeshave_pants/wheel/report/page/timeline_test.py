"""Tests of the bars on a time axis."""

from __future__ import annotations

import pytest

from spokeshave_core.outcomes import Source
from spokeshave_pants.wheel.report.page.run import PackageRun
from spokeshave_pants.wheel.report.page.timeline import (
    Axis,
    group_by_stage,
    human_time,
    lanes,
    render_timeline,
)
from spokeshave_pants.wheel.report.spans import Span
from spokeshave_pants.wheel.report.totals import ProcessRow

LINUX = "manylinux_2_17_x86_64"
MACOS = "macosx_11_0_arm64"
PROCESSES = (
    ProcessRow(
        kind="metadata",
        description="Check the metadata of core:wheel",
        source=Source.MEMOIZED,
        milliseconds=300,
        output="m",
    ),
    ProcessRow(
        kind="compile",
        description=f"Compile a.cc for {LINUX}",
        source=Source.RAN,
        milliseconds=2000,
        output="a",
        platform=LINUX,
    ),
    ProcessRow(
        kind="compile",
        description=f"Compile b.cc for {LINUX}",
        source=Source.MEMOIZED,
        milliseconds=2000,
        output="b",
        platform=LINUX,
    ),
    ProcessRow(
        kind="compile",
        description=f"Compile a.cc for {MACOS}",
        source=Source.HIT_LOCALLY,
        milliseconds=2000,
        output="c",
        platform=MACOS,
    ),
)
SPANS = (
    Span(description="Install the compiler", source=Source.RAN, start=102, end=130),
    Span(description=f"Compile a.cc for {LINUX}", source=Source.RAN, start=130, end=142),
    Span(description=f"Compile a.cc for {MACOS}", source=Source.HIT_LOCALLY, start=130, end=130.5),
)


def run(processes: tuple[ProcessRow, ...] = PROCESSES, spans: tuple[Span, ...] = SPANS) -> PackageRun:
    return PackageRun(started=100, seconds=50, succeeded=True, reports=(), processes=processes, spans=spans)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 ms"), (0.0124, "12 ms"), (0.9994, "999 ms"), (0.9996, "1.0 s"), (59.94, "59.9 s"), (600, "10.0 min")],
)
def test_a_time_is_in_the_unit_that_a_person_reads(seconds: float, text: str) -> None:
    assert human_time(seconds) == text


def test_the_axis_spans_all_processes_of_the_run() -> None:
    axis = Axis.of(run())
    assert (axis.first, axis.last) == (2, 42)
    assert [(round(place), label) for place, label in axis.ticks()] == [
        (20, "10 s"),
        (45, "20 s"),
        (70, "30 s"),
        (95, "40 s"),
    ]


@pytest.mark.parametrize("seconds", [0.004, 0.3, 1, 7, 61, 500, 86_400])
def test_an_axis_of_any_length_has_a_few_labels_within_it(seconds: float) -> None:
    places = [place for place, _ in Axis(0, 0, seconds).ticks()]
    assert 3 <= len(places) <= 6
    assert all(0 <= place <= 100.001 for place in places)


def test_an_axis_of_no_length_has_no_labels() -> None:
    assert Axis(0, 5, 5).ticks() == []
    assert Axis(0, 5, 5).percent(5) == 0


def test_overlapping_spans_are_in_different_lanes() -> None:
    assert lanes([(0, 10), (1, 3), (2, 4), (3, 5), (4, 6), (10, 11)]) == [0, 1, 2, 1, 2, 0]
    assert lanes([]) == []


@pytest.mark.parametrize(
    ("description", "platform", "name"),
    [
        (f"Compile core/a.cc for {LINUX} and cp310", LINUX, f"compile {LINUX}"),
        ("Link x.pyd", "win_amd64", "compile win_amd64"),
        (f"Smoke-test x-1-cp310-cp310-{LINUX}.whl", "manylinux_2_17_aarch64", "compile manylinux_2_17_aarch64"),
        (f"Check the metadata of {LINUX}:wheel", "", "compile"),
    ],
)
def test_the_platform_of_a_process_is_not_in_its_description(description: str, platform: str, name: str) -> None:
    (only,) = group_by_stage(
        run(
            (
                ProcessRow(
                    kind="compile", description=description, source=Source.MEMOIZED, milliseconds=1, platform=platform
                ),
            ),
            (),
        )
    )
    assert only.name == name


def test_stages_are_in_work_order_with_their_platforms() -> None:
    other, metadata, compiles = group_by_stage(run())
    assert [group.name for group in (other, metadata, compiles)] == ["other processes", "metadata", "compile"]
    assert metadata.size() == "0 processes, 1 kept"
    assert compiles.size() == "2 processes, 1 kept"
    assert [(part.name, part.size()) for part in compiles.parts] == [
        (MACOS, "1 process"),
        (LINUX, "1 process, 1 kept"),
    ]


def test_a_stage_of_one_platform_has_no_parts() -> None:
    (only,) = group_by_stage(run(PROCESSES[1:2], SPANS[1:2]))
    assert (only.name, only.parts) == (f"compile {LINUX}", ())


def test_memoized_steps_of_the_critical_path_are_marked() -> None:
    link = ProcessRow(
        kind="link", description="Link a.so", source=Source.MEMOIZED, milliseconds=40, output="l", needs=(1,)
    )
    text = render_timeline(run((*PROCESSES, link))).text
    path = text[text.index("<ol") : text.index("</ol>")]
    assert path.index(f"Compile a.cc for {LINUX}") < path.index("12.0 s, run") < path.index("Link a.so")
    assert path.endswith('<span class="value">kept by the daemon</span></li>')


def test_a_missing_timeline_has_a_reason() -> None:
    assert "the daemon kept all results" in render_timeline(run(PROCESSES[:1], ())).text
    assert "streaming_workunits_level" in render_timeline(run(PROCESSES, ())).text


def test_a_run_without_wheels_has_its_processes() -> None:
    failed = Span(description=f"Compile bad.cc for {LINUX}", source=Source.RAN, start=130, end=131, failed=True)
    text = render_timeline(run((), (*SPANS, failed))).text
    assert "No wheel was reported" in text
    assert 'class="bar failed"' in text
    assert "1.0 s" in text
