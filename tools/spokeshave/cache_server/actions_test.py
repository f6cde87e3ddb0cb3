from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave.cache_server.actions import Actions

KEY = "ab" * 32


def test_results_outlive_the_server(tmp_path: Path) -> None:
    Actions(tmp_path).write(KEY, 140, b"first")
    Actions(tmp_path).write(KEY, 140, b"second")
    again = Actions(tmp_path)
    assert again.read(KEY, 140) == b"second"
    assert again.read(KEY, 141) is None
    again.remove(KEY, 140)
    again.remove(KEY, 140)
    assert again.read(KEY, 140) is None


@pytest.mark.parametrize("keep", [0, 10, 40, -1])
def test_a_truncated_result_is_missing_and_removed(tmp_path: Path, keep: int) -> None:
    actions = Actions(tmp_path)
    actions.write(KEY, 140, b"result")
    (path,) = (tmp_path / "ac").glob("*/*")
    path.write_bytes(path.read_bytes()[:keep])
    assert actions.read(KEY, 140) is None
    assert not path.exists()


def test_a_changed_result_is_missing_and_reported(tmp_path: Path) -> None:
    events = []
    actions = Actions(tmp_path, damaged=lambda: events.append("damaged"))
    actions.write(KEY, 140, b"result")
    (path,) = (tmp_path / "ac").glob("*/*")
    path.write_bytes(path.read_bytes()[:-1] + b"T")
    assert actions.read(KEY, 140) is None
    assert events == ["damaged"]
