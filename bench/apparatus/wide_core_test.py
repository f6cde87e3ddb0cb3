from __future__ import annotations

from pathlib import Path

import pytest

from bench.apparatus.wide_core import LAYERS, reached, write_wide_core


@pytest.mark.parametrize("count", [300, 3000])
def test_no_unit_reaches_more_headers_if_there_are_more_units(count: int) -> None:
    assert max(len(reached(n, count)) for n in range(count - 40, count)) == 135


def test_the_last_layer_reaches_all_others() -> None:
    assert {n // (300 // LAYERS) for n in reached(299, 300)} == set(range(LAYERS - 1))


def test_sources_of_two_cores_have_no_result_in_common(tmp_path: Path) -> None:
    write_wide_core(tmp_path / "small", 100)
    write_wide_core(tmp_path / "large", 200)
    texts = [{path.read_bytes() for path in (tmp_path / name).rglob("unit*.h")} for name in ("small", "large")]
    assert [len(found) for found in texts] == [100, 200]
    assert not texts[0] & texts[1]
