"""Tests of the counts of actions and of the time saved by caches."""

from __future__ import annotations

import dataclasses

import pytest

from spokeshave_core.outcomes import Source
from spokeshave_pants.action import ForeignCalls
from spokeshave_pants.wheel.report.totals import (
    ProcessRow,
    StageTotal,
    Tally,
    merge_processes,
    render_foreign,
    render_totals,
    saved_sentence,
    total_by_stage,
)

PROCESSES = (
    ProcessRow(kind="compile", description="Compile a.cc", source=Source.RAN, milliseconds=1200, output="a"),
    ProcessRow(kind="compile", description="Compile b.cc", source=Source.HIT_LOCALLY, milliseconds=800, output="b"),
    ProcessRow(kind="compile", description="Compile c.cc", source=Source.MEMOIZED, milliseconds=700, output="c"),
    ProcessRow(kind="compile", description="Compile d.cc", source=Source.HIT_REMOTELY, milliseconds=None, output="d"),
    ProcessRow(
        kind="link", description="Link x.so", source=Source.RAN, milliseconds=None, output="x", needs=(0, 1, 2, 3)
    ),
)


def row(source: Source, milliseconds: int | None, name: str = "a") -> ProcessRow:
    return ProcessRow(
        kind="compile", description=f"Compile {name}.cc", source=source, milliseconds=milliseconds, output=name
    )


def test_actions_are_counted_by_stage_and_all_together() -> None:
    compiles, links, everything = total_by_stage(PROCESSES)
    assert (compiles.stage, links.stage, everything.stage) == ("compile", "link", "all")
    assert compiles == StageTotal(
        stage="compile",
        ran=Tally(1, 1200, 0),
        hit_locally=Tally(1, 800, 0),
        hit_remotely=Tally(1, 0, 1),
        memoized=Tally(1, 700, 0),
        saved=Tally(3, 1500, 1),
    )
    assert (everything.ran, everything.saved) == (Tally(2, 1200, 1), Tally(3, 1500, 1))


def test_calls_of_the_compiler_in_a_projects_build_are_a_table() -> None:
    build = dataclasses.replace(PROCESSES[1], description="Build //:core", calls=ForeignCalls(4, 1, 71))
    _, _, line = render_foreign((PROCESSES[0], build)).splitlines()
    assert line.split() == ["Build", "//:core", "hit", "locally", "4", "1", "71", "0.8"]
    assert "unknown" in render_foreign((dataclasses.replace(build, milliseconds=None),))
    assert render_foreign(PROCESSES) == ""


def test_no_actions_are_a_total_too() -> None:
    (everything,) = total_by_stage(())
    assert everything.ran == everything.saved == Tally()
    assert saved_sentence(everything) == "Nothing came from a cache, so nothing was saved."


@pytest.mark.parametrize(
    ("times", "text"),
    [((), "0.0"), ((1500,), "1.5"), ((1500, None), "at least 1.5"), ((None, None), "unknown"), ((0,), "0.0")],
)
def test_a_time_that_is_not_known_is_said_and_not_made_up(times: tuple[int | None, ...], text: str) -> None:
    assert Tally.of(row(Source.RAN, time) for time in times).seconds() == text


def test_the_table_has_a_line_per_stage_and_one_for_all() -> None:
    lines = [line.split() for line in render_totals(PROCESSES).splitlines()]
    assert lines[2:5] == [
        ["compile", "1", "1", "1", "1", "1.2", "at", "least", "1.5"],
        ["link", "1", "0", "0", "0", "unknown", "0.0"],
        ["all", "2", "1", "1", "1", "at", "least", "1.2", "at", "least", "1.5"],
    ]


def test_saved_time_is_described_with_look_up_time() -> None:
    total = total_by_stage((row(Source.HIT_LOCALLY, 800), row(Source.MEMOIZED, 700, "b"), row(Source.RAN, 100, "c")))[
        -1
    ]
    text = "2 actions from a cache saved 1.5 s of process time, which they took when they ran"
    assert saved_sentence(total) == f"{text}."
    assert saved_sentence(total, looked_up=0.26) == f"{text}; looking up the hits took 0.3 s."


def test_what_the_daemon_kept_was_not_looked_up() -> None:
    total = total_by_stage((row(Source.MEMOIZED, 700),))[-1]
    assert "looking up" not in saved_sentence(total, looked_up=0.0)
    assert saved_sentence(total).startswith("1 action from a cache saved 0.7 s")


def test_what_is_not_known_of_the_saved_time_is_said() -> None:
    some = total_by_stage((row(Source.HIT_REMOTELY, 800), row(Source.HIT_REMOTELY, None, "b")))[-1]
    assert "saved at least 0.8 s" in saved_sentence(some)
    assert "of 1 of them is unknown" in saved_sentence(some)
    none = total_by_stage((row(Source.HIT_REMOTELY, None),))[-1]
    assert saved_sentence(none) == "What 1 action from a cache saved is not known."


def test_shared_actions_of_targets_are_counted_once() -> None:
    core = row(Source.RAN, 5, "core")
    binding = row(Source.RAN, 5, "binding")
    other = row(Source.RAN, 5, "other")
    link = ProcessRow(kind="link", description="Link x.so", source=Source.RAN, milliseconds=1, output="x", needs=(0, 1))
    merged = merge_processes([(core, binding, link), (core, other, dataclasses.replace(link, output="y"))])
    assert [(process.description, process.output) for process in merged] == [
        ("Compile binding.cc", "binding"),
        ("Compile core.cc", "core"),
        ("Compile other.cc", "other"),
        ("Link x.so", "x"),
        ("Link x.so", "y"),
    ]
    assert [process.needs for process in merged] == [(), (), (), (0, 1), (1, 2)]


def test_needs_of_shared_actions_are_merged() -> None:
    stamp = ProcessRow(kind="stamp", description="Stamp x", source=Source.RAN, milliseconds=1, output="x")
    smoke = ProcessRow(kind="smoke test", description="Smoke-test x", source=Source.RAN, milliseconds=1, output="s")
    merged = merge_processes([(smoke,), (stamp, dataclasses.replace(smoke, needs=(0,)))])
    assert [(process.kind, process.needs) for process in merged] == [("smoke test", (1,)), ("stamp", ())]
