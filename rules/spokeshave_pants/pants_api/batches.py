"""Calls of rules for thousands of files, some hundreds at a time.

The engine keeps about 100 KB for each call that waits. At the end of a batch, slots for processes would be idle, so
calls that start processes are made in lanes instead (`cc/compile/lanes.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TypeVar

from spokeshave_pants.pants_api import Call, concurrently

R = TypeVar("R")

BATCH = 256


async def in_batches(calls: Iterable[Call[R]], size: int = BATCH) -> tuple[R, ...]:
    """Await calls of rules as `concurrently` does, but at most `size` of them at the same time."""
    remaining = iter(calls)
    results: list[R] = []
    while batch := tuple(itertools.islice(remaining, size)):
        results += await concurrently(batch)
    return tuple(results)
