from __future__ import annotations

import json
from pathlib import Path

from bench.apparatus.daemon import Memory
from bench.apparatus.traffic import Traffic
from bench.apparatus.traffic_test import call
from bench.measurements.runners import Load, Replayed, measurement


def load(*replayed: Replayed, peak: int = 200_000_000) -> Load:
    return Load(replayed, 1.5, Memory(peak, peak, peak))


def traffic(tmp_path: Path) -> Traffic:
    (tmp_path / "record").write_text(json.dumps([call("GetActionResult", 0, 1), call("Read", 1, 2)]))
    return Traffic.read(tmp_path / "record")


def test_runners_last_from_the_first_begin_to_the_last_end(tmp_path: Path) -> None:
    both = load(
        Replayed(began=10.0, ended=13.0, cpu=1.0, received=4_000_000, wrong={}),
        Replayed(began=11.0, ended=14.0, cpu=1.0, received=4_000_000, wrong={}),
    )
    assert both.seconds == 4.0
    found = measurement(traffic(tmp_path), [(Memory(100_000_000, 100_000_000, 0), [both])])
    ((row,),) = (table.rows for table in found.tables)
    # Two runners with two calls each, one of them a hit, in four seconds.
    assert row == (2, "4.00 / 4.00 / 4.00", "1", "0", "2", "1.5", "2.0", "100", "200")
    assert not found.is_wrong


def test_a_wrong_answer_in_any_run_is_counted(tmp_path: Path) -> None:
    right = Replayed(began=0.0, ended=1.0, cpu=0.1, received=10, wrong={})
    wrong = Replayed(began=0.0, ended=1.0, cpu=0.1, received=9, wrong={"CANCELLED": 2})
    idle = Memory(1, 1, 1)
    found = measurement(traffic(tmp_path), [(idle, [load(right), load(wrong)]), (idle, [load(right)])])
    assert found.is_wrong
    assert found.notes[1] == "In place of the recorded answer 2 times: CANCELLED"
