"""Tests of progress by the engine's work units; `platforms_test.py` of the end-to-end tests shows real ones."""

from __future__ import annotations

from typing import Any

from spokeshave_pants.wheel.goals.progress_log import update
from spokeshave_pants.wheel.planned_work import PLAN_METADATA, PLANNING, AnnouncedWork
from spokeshave_pants.wheel.progress import PlannedWheel, PlannedWork, Progress

WHEEL = PlannedWheel("//:w for win_amd64 and cp312", ("Compile a.cc", "Link a.pyd"))


def workunit(span: str, name: str, description: str, **metadata: Any) -> dict[str, Any]:
    return {"span_id": span, "name": name, "description": description, "metadata": metadata}


def planned() -> Progress:
    progress = Progress(began=0.0)
    metadata = AnnouncedWork(PlannedWork((WHEEL,), 1)).metadata()
    assert list(metadata) == [PLAN_METADATA]
    update(progress, [], [workunit("0", PLANNING, "Plan the actions of wheels", **metadata)])
    return progress


def test_a_process_is_done_when_it_ended_or_was_found() -> None:
    progress = planned()
    found = workunit("1", "process", "Scheduling: Compile a.cc", source="HitLocally", exit_code=0)
    ran = workunit("2", "process", "Scheduling: Link a.pyd", source="Ran", exit_code=0)
    cut_off = workunit("3", "process", f"Scheduling: Assemble {WHEEL.name}")
    update(progress, [], [found, ran, cut_off])
    assert progress.line(1.0) == "2 of 7 actions done (1 s): 0 of 1 wheels"


def test_what_is_executed_is_shown_and_what_waits_is_not() -> None:
    progress = planned()
    waiting = workunit("1", "process", "Scheduling: Compile a.cc")
    here = workunit("2", "run_local_process", "Compile a.cc")
    on_a_worker = workunit("3", "run_execute_request", "Compile b.cc")
    update(progress, [waiting, here, on_a_worker], [])
    assert progress.line(1.0).endswith("; now: Compile a.cc, and 1 more")
    update(progress, [], [here])
    assert progress.line(1.0).endswith("; now: Compile b.cc")


def test_what_began_and_ended_between_two_calls_is_not_shown() -> None:
    progress = planned()
    quick = workunit("1", "run_local_process", "Compile a.cc")
    update(progress, [quick], [quick])
    assert progress.line(1.0).endswith("0 of 1 wheels")


def test_there_is_something_to_say_as_soon_as_wheels_are_planned() -> None:
    progress = Progress(began=0.0)
    update(progress, [workunit("1", "run_local_process", "Install the tools")], [])
    assert progress.line_when_due(10.0) is None
    update(progress, [workunit("2", PLANNING, "Plan the actions of wheels")], [])
    assert progress.line_when_due(10.0) == "Preparing (10 s); now: Install the tools"
