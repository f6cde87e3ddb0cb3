from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.apparatus.command import Finished
from bench.apparatus.pants_log import PantsLog, ProcessSpan
from bench.apparatus.project import PantsRun
from bench.apparatus.runner import RunnerRun
from bench.apparatus.traffic import Traffic
from bench.baselines.ccache import CompilerCalls
from bench.measurements.cache import PipRuns, Round, Started, measurement
from bench.result import Measurement

HITS = {("compile", "hit_remotely"): 2, ("link", "hit_remotely"): 1, ("smoke test", "ran"): 1}
WHEELS = {"a.whl": b"wheel"}
COLD = {("compile", "ran"): 2, ("link", "ran"): 1, ("smoke test", "ran"): 1}


def pants(wall: float, *spans: ProcessSpan) -> PantsRun:
    return PantsRun(wall=wall, cpu=wall, daemon=0.0, log=PantsLog(spans, {}, 0.0), output="")


def one(warm: float = 25.0, misses: int = 0) -> Round:
    fetched = ProcessSpan("Install the packages", 0.0, 20.0)
    started = Started(pants(10.0), RunnerRun(pants(warm), HITS, WHEELS))
    return Round(
        cold=Started(pants(20.0), RunnerRun(pants(120.0, fetched), COLD, WHEELS)),
        warm=[started] * 3,
        pip_cold=PipRuns([Finished(output="", wall=30.0, cpu=20.0, largest=1)] * 3, CompilerCalls(0, 3)),
        pip_warm=[PipRuns([Finished(output="", wall=5.0, cpu=4.0, largest=1)] * 3, CompilerCalls(3 - misses, misses))]
        * 3,
    )


def measured(*rounds: Round) -> Measurement:
    return measurement(rounds, 100, Traffic(()), 100)


def other(one: Round, **changes: Any) -> Round:
    """Return the round with another last warm runner."""
    *before, last = one.warm
    return replace(one, warm=[*before, replace(last, runner=replace(last.runner, **changes))])


def test_runner_times_exclude_the_start_up() -> None:
    assert [verdict.found for verdict in measured(one()).verdicts[:1]] == ["0.15"]
    assert [verdict.met for verdict in measured(one()).verdicts] == [True] * 5
    assert not measured(one(warm=25.6)).verdicts[0].met
    assert not measured(one(warm=25.6)).is_wrong


def test_a_ratio_without_download_time_is_shown() -> None:
    assert measured(one()).tables[1].rows[:2] == (
        ("wall beyond start-up", "0.150"),
        ("the same, less the 20.0 s in which cold only fetched packages", "0.188"),
    )


def test_a_compile_on_a_warm_runner_is_wrong() -> None:
    ran = {**HITS, ("compile", "hit_remotely"): 1, ("compile", "ran"): 1}
    found = measured(other(one(), sources=ran))
    assert [verdict.met for verdict in found.verdicts] == [True, False, False, True, True]
    assert found.is_wrong


def test_wheels_have_to_be_the_same() -> None:
    found = measured(other(one(), wheels={"a.whl": b"other"}))
    assert [verdict.met for verdict in found.verdicts] == [True, True, True, False, True]


def test_a_comparison_requires_hits_of_ccache() -> None:
    assert [verdict.met for verdict in measured(one(misses=1)).verdicts] == [True, True, True, True, False]


def test_pants_is_compared_with_its_start_up_and_without() -> None:
    (table,) = (table for table in measured(one()).tables if "ccache" in table.title)
    # 25 s, of which 10 are the start, and three wheels of 5 s each.
    assert [row[3] for row in table.rows[4:6]] == ["1.67", "1.00"]
