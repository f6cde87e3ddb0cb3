from __future__ import annotations

from bench.apparatus.command import Finished
from bench.measurements.restamping import COUNT, Runs, measurement

HASHES = "\n".join(f"{number:064x}" for number in range(COUNT))


def run(cpu: float, output: str = HASHES) -> Finished:
    return Finished(output=output, wall=cpu, cpu=cpu, largest=1)


def met(runs: Runs) -> list[bool]:
    return [verdict.met for verdict in measurement(runs, 1000).verdicts]


def test_limits_are_those_of_both_comparisons() -> None:
    sides = {"copy": [run(1.0)], "hash": [run(1.0)], "change": [run(7.5)]}
    assert met(Runs(stamp=[run(1.5)], promote=[run(1.5)], **sides)) == [True] * 5
    assert met(Runs(stamp=[run(1.6)], promote=[run(1.5)], **sides)) == [False, True, False, True, True]
    assert met(Runs(stamp=[run(1.5)], promote=[run(1.6)], **sides)) == [True, False, True, True, True]


def test_different_bytes_in_two_runs_are_wrong() -> None:
    other = HASHES.replace("0", "1")
    sides = {"copy": [run(1.0)], "hash": [run(1.0)], "change": [run(9.0)]}
    for runs in (
        Runs(stamp=[run(1.0), run(1.0, other)], promote=[run(1.0)], **sides),
        Runs(stamp=[run(1.0)], promote=[run(1.0, other)], **sides),
    ):
        assert met(runs) == [True, True, True, False, True]
        assert measurement(runs, 1000).is_wrong


def test_a_missing_wheel_is_wrong() -> None:
    part = run(1.0, HASHES[65:])
    runs = Runs(stamp=[part], promote=[part], copy=[run(1.0)], hash=[run(1.0)], change=[run(9.0)])
    assert met(runs) == [True, True, True, True, False]
