from __future__ import annotations

from pathlib import Path

import pytest

from spokeshave_pants.wheel.record.earlier import overwritten

FILES = ("release.json", "files/a.whl", "reports/a.whl.json")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / "record" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"earlier")
    return tmp_path / "record"


def test_a_first_record_and_an_equal_one_are_written(tmp_path: Path, record: Path) -> None:
    assert overwritten(tmp_path / "absent", b"new", FILES) == ""
    (record / "state").mkdir()
    assert overwritten(record, b"earlier", FILES) == ""


def test_a_record_that_was_not_published_is_replaced(record: Path) -> None:
    assert overwritten(record, b"new", FILES) == ""


def test_a_published_record_is_not_replaced(record: Path) -> None:
    (record / "state").mkdir()
    message = overwritten(record, b"new", FILES)
    assert str(record) in message
    assert "--release-version-post=1" in message


def test_files_of_two_records_are_not_mixed(record: Path) -> None:
    (record / "files/b.whl").write_bytes(b"")
    assert "with other files (b.whl). Remove the folder." in overwritten(record, b"new", FILES)
