from __future__ import annotations

from bench.baselines.ccache import CompilerCalls, parse_calls


def test_direct_and_preprocessed_hits_are_hits() -> None:
    text = "cache_miss\t2\ndirect_cache_hit\t30\npreprocessed_cache_hit\t3\nlocal_storage_read_hit\t66\n"
    assert parse_calls(text) == CompilerCalls(hits=33, misses=2)
