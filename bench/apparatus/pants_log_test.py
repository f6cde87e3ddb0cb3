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


def test_process_times_may_span_midnight() -> None:
    (span,) = parse_log(_LOG).spans
    assert span == ProcessSpan("Compile a.cc for manylinux_2_17_x86_64", 86398.5, 86401.25)
    assert span.seconds == 2.75


def test_counters_give_process_count_and_end_of_run() -> None:
    log = parse_log(_LOG)
    assert log.processes == 2
    assert log.ended - log.last == 0.25
