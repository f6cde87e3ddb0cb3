"""The order in which many sources are compiled: in lanes, each of which compiles one source after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

FEWEST_LANES = 256
# Several lanes for each slot keep all slots busy until the end, although some lanes take longer than others.
LANES_FOR_SLOT = 2


def lanes_of(items: Sequence[T], slots: int) -> tuple[tuple[T, ...], ...]:
    """Return the items dealt to as many lanes as can keep `slots` slots for processes busy."""
    count = max(FEWEST_LANES, LANES_FOR_SLOT * slots)
    return tuple(tuple(items[first::count]) for first in range(min(count, len(items))))


def in_order(lanes: Sequence[Sequence[T]]) -> tuple[T, ...]:
    """Return what `lanes_of` dealt, in the order before."""
    total = sum(map(len, lanes))
    return tuple(lanes[n % len(lanes)][n // len(lanes)] for n in range(total))
