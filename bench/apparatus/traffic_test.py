from __future__ import annotations

import json
from pathlib import Path

from bench.apparatus.traffic import Traffic


def call(method: str, began: float, ended: float, **more: object) -> dict[str, object]:
    record = {"method": f"/service/{method}", "began": began, "ended": ended, "sent": 10, "received": 100}
    return {**record, "status": "OK", "stores": False, "requests": [], "answer": "", **more}


def traffic(place: Path, *calls: dict[str, object]) -> Traffic:
    (place / "record.json").write_text(json.dumps(calls))
    return Traffic.read(place / "record.json")


def test_a_look_up_that_was_answered_is_a_hit(tmp_path: Path) -> None:
    found = traffic(
        tmp_path,
        call("GetActionResult", 0, 1),
        call("GetActionResult", 0, 1, status="NOT_FOUND"),
        call("Read", 1, 2),
    )
    assert found.hits == 1
    assert found.by_method() == {"GetActionResult": 2, "Read": 1}


def test_calls_in_flight_are_those_that_began_and_did_not_end(tmp_path: Path) -> None:
    found = traffic(tmp_path, call("Read", 1, 3), call("Read", 2, 4), call("Read", 3, 5), call("Read", 9, 10))
    assert found.at_a_time == 2
    assert found.seconds == 9


def test_reading_excludes_calls_that_store(tmp_path: Path) -> None:
    found = traffic(tmp_path, call("Read", 0, 1), call("Write", 0, 1, stores=True, sent=5000))
    assert (found.sent, found.received) == (5010, 200)
    assert found.reading().by_method() == {"Read": 1}
