from __future__ import annotations

import zipfile
from pathlib import Path

from bench.apparatus.command import Finished
from bench.measurements.check import LINEAR, Batch, measurement, write_small


def batch(wheels: int, cpu: float, *, checked: int | None = None, problems: int = 0) -> Batch:
    runs = [Finished(output="", wall=cpu, cpu=cpu, largest=1 << 20)]
    count = wheels if checked is None else checked
    return Batch(title=str(wheels), wheels=wheels, runs=runs, checked=count, problems=problems)


def test_twice_the_wheels_may_take_twice_the_time() -> None:
    small = measurement([batch(500, 1.0), batch(1000, LINEAR), batch(1004, 3.0)])
    assert [verdict.met for verdict in small.verdicts] == [True] * 8
    quadratic = measurement([batch(500, 1.0), batch(1000, 4.0), batch(1004, 5.0)])
    assert [verdict.met for verdict in quadratic.verdicts] == [*[True] * 6, False, True]
    assert not quadratic.is_wrong


def test_a_wheel_that_was_not_checked_is_wrong() -> None:
    assert measurement([batch(500, 1.0), batch(1000, 2.0, checked=999), batch(1004, 3.0)]).is_wrong
    assert measurement([batch(500, 1.0), batch(1000, 2.0, problems=1), batch(1004, 3.0)]).is_wrong


def test_small_wheels_have_names_of_their_own(tmp_path: Path) -> None:
    write_small(tmp_path, 12)
    wheels = sorted(tmp_path.iterdir())
    assert len(wheels) == 12
    with zipfile.ZipFile(wheels[0]) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 24
