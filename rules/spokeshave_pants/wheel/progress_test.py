from __future__ import annotations

import pytest

from spokeshave_pants.wheel.progress import PlannedWheel, PlannedWork, Progress, WheelStep, format_duration

PACK = "Make the runtime pack for win_amd64 (libc++)"
CORE = "Compile core.cc for win_amd64"
OLD = PlannedWheel("//a:w for win_amd64 and cp310", (PACK, CORE, "Link old.pyd"))
NEW = PlannedWheel("//a:w for win_amd64 and cp311", (PACK, CORE, "Link new.pyd"))


def progress(*, tests: int = 2) -> Progress:
    run = Progress(began=100.0)
    run.expect(PlannedWork((OLD, NEW), tests))
    return run


def test_an_action_that_wheels_share_is_counted_once() -> None:
    assert progress().line(145.0) == "0 of 14 actions done (45 s): 0 of 2 wheels"


def test_a_done_action_is_counted_once() -> None:
    run = progress()
    for description in (PACK, CORE, CORE, "Install the tools"):
        run.finish(description)
    assert run.line(300.0) == "2 of 14 actions done (3 min 20 s): 0 of 2 wheels"


def test_a_step_counts_what_comes_before_it() -> None:
    run = progress()
    run.finish(f"Verify {OLD.name}")
    assert run.line(100.0).startswith("6 of 14 actions done")
    run.finish(WheelStep.STAMP.description(OLD.name, "1.0"))
    assert run.line(100.0) == "7 of 14 actions done (0 s): 1 of 2 wheels"


def test_what_was_done_before_the_plan_was_known_counts() -> None:
    run = Progress(began=0.0)
    run.finish(PACK)
    run.finish(f"Assemble {NEW.name}")
    run.expect(PlannedWork((OLD, NEW), 0))
    assert run.line(0.0).startswith("4 of 12 actions done")


def test_everything_done_is_all_of_the_plan() -> None:
    run = progress()
    for wheel in (OLD, NEW):
        run.finish(WheelStep.STAMP.description(wheel.name, "1.0"))
    for file in ("old.whl", "new.whl", "of-another-target.whl"):
        run.finish(f"Smoke-test {file} on Python 3.12")
    assert run.line(100.0) == "14 of 14 actions done (0 s): 2 of 2 wheels"


def test_the_line_names_the_process_that_began_first() -> None:
    run = progress()
    run.start("1", PACK)
    run.start("2", CORE)
    assert run.line(100.0).endswith("wheels; now: Make the runtime pack for win_amd64, and 1 more")
    run.stop("1")
    run.stop("unknown")
    assert run.line(100.0).endswith("wheels; now: Compile core.cc for win_amd64")


def test_a_canceled_process_is_not_named_after_its_second_run() -> None:
    """Pants cancels processes and starts them again, without a word about the end of the first."""
    run = progress()
    run.start("1", CORE)
    run.start("2", CORE)
    run.start("3", PACK)
    run.stop("2")
    run.finish(CORE)
    assert run.line(100.0).endswith("wheels; now: Make the runtime pack for win_amd64")


def test_before_the_plan_is_known_the_line_says_what_is_prepared() -> None:
    run = Progress(began=0.0)
    run.prepare()
    run.start("1", "Install the packages pinned in a.txt (once)")
    assert run.line_when_due(6.0) == "Preparing (6 s); now: Install the packages pinned in a.txt"


def test_lines_have_an_interval() -> None:
    run = progress()
    due = [second for second in range(100, 200) if run.line_when_due(float(second))]
    assert due == [105, 135, 165, 195]


def test_the_plan_has_a_line_soon_after_it_is_known() -> None:
    run = Progress(began=0.0)
    run.prepare()
    run.start("1", "Install the tools")
    lines = [run.line_when_due(float(second)) for second in range(8)]
    run.expect(PlannedWork((OLD,), 0))
    lines += [run.line_when_due(float(second)) for second in range(8, 45)]
    due = [(second, line.split()[0]) for second, line in enumerate(lines) if line]
    assert due == [(5, "Preparing"), (10, "0"), (40, "0")]


def test_a_run_without_wheels_prints_no_line() -> None:
    run = Progress(began=0.0)
    run.start("1", "Build a.pex")
    assert run.line_when_due(1000.0) is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3905, "1 h 5 min")]
)
def test_durations_are_in_words(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
