from __future__ import annotations

from dataclasses import replace

from bench.cache import Pair, PipRuns, measurement
from bench.ccache import CompilerCalls
from bench.command import Finished
from bench.pants_log import PantsLog, ProcessSpan
from bench.project import PantsRun
from bench.result import Measurement
from bench.runner import RunnerRun
from bench.traffic import Traffic

HITS = {("compile", "hit_remotely"): 2, ("link", "hit_remotely"): 1, ("smoke test", "ran"): 1}
COLD = {("compile", "ran"): 2, ("link", "ran"): 1, ("smoke test", "ran"): 1}


def pants(wall: float, *spans: ProcessSpan) -> PantsRun:
    return PantsRun(wall, wall, PantsLog(spans, {}, 0.0), "")


def pair(warm: float = 25.0, misses: int = 0) -> Pair:
    fetched = ProcessSpan("Install the packages", 0.0, 20.0)
    wheels = {"a.whl": b"wheel"}
    return Pair(
        idle=pants(10.0),
        cold=RunnerRun(pants(110.0, fetched), COLD, wheels),
        warm=RunnerRun(pants(warm), HITS, wheels),
        pip_cold=PipRuns([Finished("", 30.0, 20.0, 1)] * 3, CompilerCalls(0, 3)),
        pip_warm=PipRuns([Finished("", 5.0, 4.0, 1)] * 3, CompilerCalls(3 - misses, misses)),
    )


def measured(*pairs: Pair) -> Measurement:
    return measurement(pairs, 100, Traffic(()), 100)


def test_start_up_is_taken_from_both_runners() -> None:
    assert pair().ratio == 0.15
    assert [verdict.met for verdict in measured(pair()).verdicts] == [True] * 5
    assert not measured(pair(warm=25.1)).verdicts[0].met
    assert not measured(pair(warm=25.1)).is_wrong


def test_the_strict_ratio_leaves_out_what_only_fetched_packages() -> None:
    assert pair().strict_ratio == 15 / 80


def test_a_compile_on_a_warm_runner_is_wrong() -> None:
    hit = pair()
    ran = replace(hit.warm, sources={**HITS, ("compile", "hit_remotely"): 1, ("compile", "ran"): 1})
    found = measured(replace(hit, warm=ran))
    assert [verdict.met for verdict in found.verdicts] == [True, False, False, True, True]
    assert found.is_wrong


def test_wheels_have_to_be_the_same_and_ccache_has_to_hit() -> None:
    other = replace(pair(), warm=replace(pair().warm, wheels={"a.whl": b"other"}))
    assert [verdict.met for verdict in measured(other).verdicts] == [True, True, True, False, True]
    assert not measured(pair(misses=1)).verdicts[4].met
