"""Tests of the longest chain of actions."""

from __future__ import annotations

from graphlib import CycleError

import pytest

from spokeshave_pants.wheel.report.critical_path import critical_path

# Compiles of a core and of two bindings, a runtime pack, two links and their dependents.
NAMES = ("core", "slow", "fast", "pack", "link slow", "link fast", "assemble slow", "assemble fast")
NEEDS = ((), (), (), (), (0, 1, 3), (0, 2, 3), (4,), (5,))


def path(**seconds: float) -> list[str]:
    weights = [seconds.get(name.replace(" ", "_"), 1.0) for name in NAMES]
    return [NAMES[place] for place in critical_path(weights, NEEDS)]


def test_the_path_includes_the_most_expensive_needs() -> None:
    assert path(slow=5) == ["slow", "link slow", "assemble slow"]
    assert path(slow=5, pack=40, assemble_fast=3) == ["pack", "link fast", "assemble fast"]


def test_a_longer_chain_beats_the_most_expensive_action() -> None:
    assert path(core=6, assemble_slow=4, fast=7) == ["core", "link slow", "assemble slow"]


def test_what_cost_nothing_is_in_the_path_too() -> None:
    assert path(**dict.fromkeys((name.replace(" ", "_") for name in NAMES), 0.0)) == [
        "core",
        "link slow",
        "assemble slow",
    ]
    assert path(core=0, slow=0, fast=0, pack=0, link_fast=2)[0] == "core"


def test_an_action_of_its_own_can_be_the_path() -> None:
    assert critical_path([1, 9, 1], [(), (), (0,)]) == (1,)
    assert critical_path([0], [()]) == (0,)


def test_no_actions_have_no_path() -> None:
    assert critical_path([], []) == ()


def test_the_path_does_not_depend_on_the_order_of_needs() -> None:
    assert critical_path([1, 1, 1], [(), (), (1, 0)]) == critical_path([1, 1, 1], [(), (), (0, 1)]) == (0, 2)


def test_actions_may_come_in_any_order() -> None:
    assert critical_path([1, 2, 3], [(1,), (2,), ()]) == (2, 1, 0)


def test_a_cycle_raises_an_error() -> None:
    with pytest.raises(CycleError):
        critical_path([1, 1], [(1,), (0,)])


def test_a_chain_of_many_links_and_many_actions_takes_no_time() -> None:
    count = 5000
    needs = [(place - 1,) if place else () for place in range(count)]
    assert len(critical_path([1.0] * count, needs)) == count
