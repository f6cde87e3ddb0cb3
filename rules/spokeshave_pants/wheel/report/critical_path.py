"""The critical path of a run: the chain of actions that sets its minimum duration."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter


def critical_path(weights: Sequence[float], needs: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return the positions of the chain with the largest sum of weights, from its first action to its last.

    Each action of a chain needs the one before it, and the first action needs none. Of two chains with the same sum the
    longer one is returned, so that actions without cost are included. Remaining ties are decided by position.

    Args:
        weights: The cost of each action, not negative.
        needs: For each action, the positions of the actions that it had to wait for.

    Raises:
        graphlib.CycleError: If actions wait for each other.
    """
    order = TopologicalSorter(dict(enumerate(needs))).static_order()
    best: dict[int, tuple[float, int, int]] = {}
    before: dict[int, int] = {}
    for place in order:
        cost = 0.0
        length = 0
        if needs[place]:
            before[place] = max(needs[place], key=best.__getitem__)
            cost, length, _ = best[before[place]]
        best[place] = (cost + weights[place], length + 1, -place)
    if not best:
        return ()
    chain = [max(best, key=best.__getitem__)]
    while chain[-1] in before:
        chain.append(before[chain[-1]])
    return tuple(reversed(chain))
