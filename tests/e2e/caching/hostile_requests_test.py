"""The cache server under hostile requests: the known attacks and some mutated requests, the same in each run."""

from __future__ import annotations

from pathlib import Path

from hostile.cache_server import faults_of, run


def test_hostile_requests_do_no_harm(tmp_path: Path) -> None:
    answers, faults = run(tmp_path, count=100, seed=0)
    assert faults == []
    assert len(answers) > 300


def test_a_harmed_server_is_found() -> None:
    answer = {"name": "valid read", "status": "OK", "details": "", "seconds": 0.1, "taken": 1}
    assert faults_of([answer]) == []
    for wrong in ({"status": "INTERNAL"}, {"status": "NOT_FOUND"}, {"seconds": 11}):
        assert faults_of([{**answer, **wrong}]) != []
    assert faults_of([{**answer, "name": "endless bytes", "taken": 2000}]) != []
