from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from spokeshave.files import atomic_file, write_bytes
from spokeshave.report import write_report


def fail_halfway(destination: Path) -> None:
    with atomic_file(destination) as stream:
        stream.write(b"half")
        raise RuntimeError("stopped")


def test_files_are_atomic_with_mode_0644_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_bytes(tmp_path / "new" / "a", b"all")
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "a").read_bytes() == b"all"
    assert stat.S_IMODE((tmp_path / "new" / "a").stat().st_mode) == 0o644


def test_failure_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"earlier")
    with pytest.raises(RuntimeError, match="stopped"):
        fail_halfway(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"earlier"


def test_what_is_not_a_file_is_written_to_and_not_replaced() -> None:
    write_bytes(Path("/dev/null"), b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_report_bytes_do_not_depend_on_key_order(tmp_path: Path) -> None:
    write_report(tmp_path / "a", {"b": 1, "a": {"d": "ü", "c": None}})
    write_report(tmp_path / "b", {"a": {"c": None, "d": "ü"}, "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert json.loads((tmp_path / "a").read_bytes()) == {"a": {"c": None, "d": "ü"}, "b": 1}
