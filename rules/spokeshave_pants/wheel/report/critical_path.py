"""The chain of actions that a run could not have been shorter than."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter


def critical_path(weights: Sequence[float], needs: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The positions of the chain whose weights come to the largest sum, from its first action to its last.

    An action follows one of those that it needs. A chain is whole: it begins with an action that needs none, and of
    two with the same sum the one with more actions counts, so that what cost nothing is in it too. What is equal even
    then is decided by position.

    :param weights: what each action cost, not below 0.
    :param needs: for each action, the positions of those that it had to wait for.
    :raises graphlib.CycleError: where actions wait for each other.
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
