from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from spokeshave.cache_server.eviction import Entry, Evictor, Limits, default_reserve, entries, oldest, size_on_disk

GIGA = 1 << 30


@pytest.mark.parametrize(
    ("size", "free", "excess"),
    [
        (10 * GIGA, 100 * GIGA, 0),
        (20 * GIGA, 100 * GIGA, 0),
        # Over its own limit: reduced to nine tenths of it.
        (21 * GIGA, 100 * GIGA, 3 * GIGA),
        # Far below its limit, on a disk with too little free space.
        (10 * GIGA, 0, 10 * GIGA - int(9 * GIGA * 0.9)),
        # The disk is full of other files.
        (GIGA // 2, 0, GIGA // 2),
    ],
)
def test_what_has_to_go_follows_from_the_cache_and_from_its_disk(size: int, free: int, excess: int) -> None:
    assert Limits(20 * GIGA, GIGA, 300).excess(size, free) == excess


def test_the_oldest_go_and_no_more_of_them_than_needed() -> None:
    found = [Entry(float(age), 10, f"{age}") for age in (5, 3, 9, 1, 7)]
    assert [entry.path for entry in oldest(found, 25, before=100)] == ["1", "3", "5"]
    assert [entry.path for entry in oldest(found, 20, before=100)] == ["1", "3"]
    assert [entry.path for entry in oldest(found, 1000, before=100)] == ["1", "3", "5", "7", "9"]


def test_recently_used_files_are_never_evicted() -> None:
    found = [Entry(float(age), 10, f"{age}") for age in (5, 3, 9)]
    assert [entry.path for entry in oldest(found, 1000, before=5)] == ["3"]


def test_a_large_old_file_goes_alone() -> None:
    found = [Entry(1, 5, "small"), Entry(2, 1000, "large"), Entry(3, 5, "young")]
    assert [entry.path for entry in oldest(found, 900, before=100)] == ["small", "large"]
    assert [entry.path for entry in oldest(reversed(found), 900, before=100)] == ["small", "large"]


def test_sizes_are_those_on_disk() -> None:
    assert [size_on_disk(size) for size in (0, 1, 4096, 4097)] == [4096, 4096, 4096, 8192]


def test_the_reserve_is_at_most_a_twentieth_of_the_disk(tmp_path: Path) -> None:
    assert 0 < default_reserve(tmp_path) <= GIGA


def fill(folder: Path, count: int) -> None:
    (folder / "00").mkdir(parents=True)
    for number in range(count):
        file = folder / "00" / f"{number:03}"
        file.write_bytes(bytes(10_000))
        os.utime(file, (number, number))


def test_a_look_evicts_down_to_the_low_watermark(tmp_path: Path) -> None:
    fill(tmp_path, 100)
    counts: list[int] = []
    evictor = Evictor([tmp_path], Limits(50 * 12288, 0, 300), counts.append)
    evictor.look()
    assert counts == [55]
    assert evictor.usage == (45 * 12288, 45)
    assert min(entries([tmp_path])).used == 55
    evictor.look()
    assert counts == [55]


def test_a_write_over_the_limit_triggers_eviction(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    evictor = Evictor([tmp_path], Limits(21 * 12288, 0, 300))
    evictor.start()
    deadline = time.monotonic() + 30
    while evictor.usage[1] < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    (tmp_path / "00/new").write_bytes(bytes(20_000))
    began = time.monotonic()
    evictor.written(20_000)
    while len(list(entries([tmp_path]))) > 19 and time.monotonic() < deadline:
        time.sleep(0.01)
    evictor.stop()
    assert time.monotonic() - began < 4
    assert (tmp_path / "00/new").exists()
    assert not (tmp_path / "00/000").exists()


def test_what_is_used_between_choice_and_eviction_stays(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    from spokeshave.cache_server.eviction import _evict_file

    chosen = oldest(entries([tmp_path]), 20_000, time.time())
    os.utime(chosen[0].path)
    assert [_evict_file(entry) for entry in chosen] == [False, True]
