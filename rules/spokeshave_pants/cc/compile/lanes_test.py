from __future__ import annotations

import pytest

from spokeshave_pants.cc.compile.lanes import FEWEST_LANES, in_order, lanes_of


@pytest.mark.parametrize("count", [0, 1, FEWEST_LANES, FEWEST_LANES + 1, 3 * FEWEST_LANES - 1])
def test_what_is_dealt_to_lanes_comes_back_in_order(count: int) -> None:
    assert in_order(lanes_of(range(count), slots=2)) == tuple(range(count))


def test_few_sources_have_a_lane_each() -> None:
    assert lanes_of("abc", slots=2) == (("a",), ("b",), ("c",))


@pytest.mark.parametrize(("slots", "lanes"), [(2, FEWEST_LANES), (1000, 2000)])
def test_many_slots_have_more_lanes(slots: int, lanes: int) -> None:
    assert len(lanes_of(range(5000), slots)) == lanes
