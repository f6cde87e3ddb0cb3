from __future__ import annotations

from bench.apparatus.pants_log import ProcessSpan, parse_log

_LOG = """\
23:59:58.50 [INFO] Starting: Compile a.cc for manylinux_2_17_x86_64
23:59:59.00 [INFO] Completed: Compile b.cc for manylinux_2_17_x86_64
00:00:01.25 [INFO] Completed: Compile a.cc for manylinux_2_17_x86_64
00:00:01.50 [INFO] Counters:
  local_cache_requests: 3
  local_execution_requests: 2
"""


def test_a_process_lasts_from_its_starting_to_its_completed_line_across_midnight() -> None:
    (span,) = parse_log(_LOG).spans
    assert span == ProcessSpan("Compile a.cc for manylinux_2_17_x86_64", 86398.5, 86401.25)
    assert span.seconds == 2.75


def test_counters_tell_how_many_processes_ran_and_when_the_run_ended() -> None:
    log = parse_log(_LOG)
    assert log.processes == 2
    assert log.ended - log.last == 0.25
