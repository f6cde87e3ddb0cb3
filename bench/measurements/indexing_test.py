from __future__ import annotations

from bench.apparatus.command import Finished
from bench.measurements.indexing import FILES, Level, measurement


def run(seconds: float, memory: int = 30) -> Finished:
    return Finished(output="", wall=seconds, cpu=seconds, largest=memory << 20)


def level(sets: int, ours: float = 0.5, memory: int = 30, missing: int = 0) -> Level:
    return Level(
        sets=sets,
        ours_new=[run(1.0)],
        theirs_new=[run(1.0)],
        ours_add=[run(ours, memory)],
        theirs_add=[run(2.0)],
        theirs_partial=[run(1.5)],
        listed=(sets + 1) * FILES // 4 - missing,
    )


def met(*levels: Level) -> list[bool]:
    return [verdict.met for verdict in measurement(levels).verdicts]


def test_the_largest_index_has_the_targets() -> None:
    assert met(level(10, ours=9.0), level(1000)) == [True] * 6
    assert met(level(10), level(1000, ours=1.6)) == [False, True, False, True, True, True]
    assert met(level(10), level(1000, ours=2.1)) == [False, False, False, True, True, True]


def test_memory_may_not_grow_with_the_index() -> None:
    assert met(level(10), level(1000, memory=37)) == [True] * 6
    assert met(level(10), level(1000, memory=38)) == [True, True, True, False, True, True]


def test_a_page_without_a_file_is_wrong() -> None:
    assert measurement([level(10, missing=1), level(1000)]).is_wrong
    assert not measurement([level(10), level(1000)]).is_wrong
