from __future__ import annotations

from bench.apparatus.pants_log import ProcessSpan
from bench.apparatus.runner import alone, count_sources


def test_seconds_count_while_only_chosen_processes_run() -> None:
    spans = [
        ProcessSpan("Install a", 0.0, 4.0),
        ProcessSpan("Install b", 3.0, 6.0),
        ProcessSpan("Compile a.cc", 5.0, 8.0),
        ProcessSpan("Install c", 10.0, 11.5),
    ]
    assert alone(spans, ("Install ",)) == 6.5
    assert alone(spans, ("Compile ",)) == 2.0
    assert alone(spans, ("Link ",)) == 0.0


def test_a_process_in_two_reports_is_counted_once() -> None:
    compiled = {"kind": "compile", "source": "ran", "description": "Compile a.cc"}
    hit = {"kind": "compile", "source": "hit_remotely", "description": "Compile b.cc"}
    assert count_sources([compiled, hit, compiled]) == {("compile", "ran"): 1, ("compile", "hit_remotely"): 1}
