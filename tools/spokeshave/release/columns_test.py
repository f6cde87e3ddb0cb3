from __future__ import annotations

from spokeshave.release.columns import in_columns


def test_columns_are_as_wide_as_their_longest_text() -> None:
    rows = [("file", "size", "state"), ("a.whl", "1 kB", "there"), ("long.whl", "100 kB", "")]
    assert in_columns(rows) == ["file      size    state", "a.whl     1 kB    there", "long.whl  100 kB"]
    assert in_columns(rows, right=[1]) == ["file        size  state", "a.whl       1 kB  there", "long.whl  100 kB"]
    assert in_columns([]) == []
