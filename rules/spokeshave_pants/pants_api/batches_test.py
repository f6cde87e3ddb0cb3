from __future__ import annotations

from dataclasses import dataclass

import pytest
from pants.engine.rules import collect_rules
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.pants_api import rule
from spokeshave_pants.pants_api.batches import in_batches


@dataclass(frozen=True)
class Number:
    value: int


@dataclass(frozen=True)
class Doubled:
    value: int


@dataclass(frozen=True)
class Numbers:
    count: int
    size: int


@dataclass(frozen=True)
class AllDoubled:
    values: tuple[int, ...]


@rule(desc="Double a number")
async def double(number: Number) -> Doubled:
    return Doubled(2 * number.value)


@rule(desc="Double numbers")
async def double_all(numbers: Numbers) -> AllDoubled:
    doubled = await in_batches((double(Number(n)) for n in range(numbers.count)), numbers.size)
    return AllDoubled(tuple(found.value for found in doubled))


@pytest.mark.parametrize("count", [0, 1, 3, 4, 6, 7])
def test_results_of_all_batches_are_in_order(count: int) -> None:
    runner = RuleRunner(rules=[*collect_rules(globals()), QueryRule(AllDoubled, [Numbers])])
    found = runner.request(AllDoubled, [Numbers(count, size=3)])
    assert found.values == tuple(range(0, 2 * count, 2))
