from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cache_server.blobs import Blobs, MissingBlobError
from spokeshave.cache_server.files import BadDigestError

DATA = b"0123456789" * 100
HASH = hashlib.sha256(DATA).hexdigest()


def place(folder: Path, sha256: str = HASH) -> Path:
    return folder / "cas/objects" / sha256[:2] / sha256[2:]


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    blob_store = Blobs(tmp_path)
    blob_store.write(HASH, [DATA[:300], DATA[300:]])
    return blob_store


def test_a_blob_is_read_as_it_was_written_whole_or_in_part(blobs: Blobs) -> None:
    assert blobs.has(HASH, len(DATA))
    assert blobs.read(HASH, len(DATA)) == DATA
    assert [len(piece) for piece in blobs.stream(HASH, len(DATA), 300)] == [300, 300, 300, 100]
    assert b"".join(blobs.stream(HASH, len(DATA), 300, offset=95, limit=10)) == DATA[95:105]
    assert b"".join(blobs.stream(HASH, len(DATA), 300, offset=995)) == DATA[995:]
    with blobs.open(HASH, len(DATA)) as file:
        assert file.read() == DATA


def test_a_truncated_blob_is_missing_and_removed(blobs: Blobs, tmp_path: Path) -> None:
    os.truncate(place(tmp_path), 999)
    assert not blobs.has(HASH, len(DATA))
    assert not place(tmp_path).exists()


@pytest.mark.parametrize("wanted", ["whole", "part", "file"])
def test_a_changed_blob_is_never_returned_whole(blobs: Blobs, tmp_path: Path, wanted: str) -> None:
    place(tmp_path).write_bytes(DATA[:-1] + b"x")
    taken = bytearray()

    def take() -> None:
        if wanted == "file":
            blobs.open(HASH, len(DATA))
        for piece in blobs.stream(HASH, len(DATA), 100, 10 if wanted == "part" else 0):
            taken.extend(piece)

    with pytest.raises(MissingBlobError):
        take()
    assert len(taken) < (len(DATA) if wanted == "whole" else 1)
    assert not place(tmp_path).exists()


def test_after_damage_blobs_are_verified_before_presence(blobs: Blobs, tmp_path: Path) -> None:
    """So that the rebuild caused by the first one stores all of them again."""
    others = [bytes([number]) * 500 for number in range(2)]
    names = [hashlib.sha256(data).hexdigest() for data in others]
    for name, data in zip(names, others):
        blobs.write(name, [data])
    for name in (HASH, names[0]):
        path = place(tmp_path, name)
        path.write_bytes(b"x" * path.stat().st_size)
    assert blobs.has(names[0], 500)
    with pytest.raises(MissingBlobError):
        blobs.read(HASH, len(DATA))
    assert not blobs.has(names[0], 500)
    assert not place(tmp_path, names[0]).exists()
    assert blobs.has(names[1], 500)


def test_a_question_with_the_wrong_size_costs_no_right_blob(blobs: Blobs) -> None:
    assert not blobs.has(HASH, len(DATA) + 1)
    with pytest.raises(MissingBlobError):
        blobs.read(HASH, 1)
    assert blobs.read(HASH, len(DATA)) == DATA


def test_a_write_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield DATA
        raise ConnectionError

    blobs = Blobs(tmp_path)
    with pytest.raises(ConnectionError):
        blobs.write(HASH, chunks())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield DATA
        # A real ENOSPC, from the device that is always full.
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")

    with pytest.raises(OSError, match="No space left"):
        Blobs(tmp_path).write(HASH, chunks())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_partial_files_of_a_killed_server_are_removed(tmp_path: Path) -> None:
    Blobs(tmp_path)
    (tmp_path / "tmp/half").write_bytes(DATA)
    Blobs(tmp_path)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_name_that_is_not_a_hash_reaches_no_file(blobs: Blobs, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside"
    outside.write_bytes(b"precious")
    for name in ("../" * 18 + "etc/passwd", HASH.upper(), "", f"{HASH}\n"):
        with pytest.raises(BadDigestError):
            blobs.has(name, 8)
        with pytest.raises(BadDigestError):
            list(blobs.stream(name, 8, 8))


def test_a_use_makes_a_blob_young_again(blobs: Blobs, tmp_path: Path) -> None:
    for use in (blobs.has, blobs.read):
        os.utime(place(tmp_path), (1, 1))
        use(HASH, len(DATA))
        assert time.time() - place(tmp_path).stat().st_mtime < 60


def test_damage_and_writes_are_reported(tmp_path: Path) -> None:
    events: list[object] = []
    blobs = Blobs(tmp_path, events.append, lambda: events.append("damaged"))
    blobs.write(HASH, [DATA])
    os.truncate(place(tmp_path), 1)
    blobs.has(HASH, len(DATA))
    assert events == [1000, "damaged"]
