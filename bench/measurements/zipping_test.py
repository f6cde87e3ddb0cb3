from __future__ import annotations

from pathlib import Path

from bench.apparatus.command import Finished
from bench.measurements.zipping import FILE_SIZE, MEMORY, Side, measurement, write_files


def runs(*seconds: float, largest: int = MEMORY) -> list[Finished]:
    return [Finished(output="", wall=wall, cpu=wall, largest=largest) for wall in seconds]


def side(ours: list[Finished]) -> Side:
    return Side(step="assemble", level="-0", runs=ours, zip_runs=runs(7.0, 7.0, 7.0), ours=100, theirs=100)


def test_a_side_is_compared_by_throughput() -> None:
    assert side(runs(10.0, 1.0, 14.0)).ratio == 0.7
    assert [verdict.met for verdict in measurement((side(runs(10.0)),), 1000).verdicts] == [True, True]
    assert [verdict.met for verdict in measurement((side(runs(10.1)),), 1000).verdicts] == [False, True]


def test_the_largest_process_of_all_runs_counts() -> None:
    heavy = [*runs(1.0), *runs(1.0, largest=MEMORY + 1), *runs(1.0)]
    assert [verdict.met for verdict in measurement((side(heavy),), 1000).verdicts] == [True, False]


def test_the_payload_has_its_size_however_small_the_source_is(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x" * (FILE_SIZE + 5000))
    (tmp_path / "payload").mkdir()
    write_files(tmp_path / "source", tmp_path / "payload", 2 * FILE_SIZE)
    assert [path.stat().st_size for path in sorted((tmp_path / "payload").iterdir())] == [FILE_SIZE, FILE_SIZE]
