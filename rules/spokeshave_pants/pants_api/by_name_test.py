"""Tests of calls of rules by name on Pants 2.17.1."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pants.engine.internals.selectors import Effect
from pants.engine.rules import collect_rules
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.pants_api.by_name import concurrently, effect_by_type, implicitly, rule


@dataclass(frozen=True)
class Number:
    value: int


@dataclass(frozen=True)
class Doubled:
    value: int


@dataclass(frozen=True)
class Sum:
    value: int


@dataclass(frozen=True)
class Factor:
    value: int


@rule
async def add(number: Number) -> Sum:
    """Call a rule that is below this one, directly and through a helper."""
    first = await double(number, **implicitly())
    rest = await _doubled(number.value)
    return Sum(first.value + rest)


async def _doubled(count: int) -> int:
    found = await concurrently(double(**implicitly(Number(n), Factor(2))) for n in range(count))
    return sum(each.value for each in found)


@rule
async def default_factor() -> Factor:
    return Factor(2)


@rule
async def double(number: Number, factor: Factor) -> Doubled:
    if number.value > 100:
        return await double(Number(100), **implicitly(factor))
    return Doubled(number.value * factor.value)


def test_a_call_by_name_runs_the_rule() -> None:
    runner = RuleRunner(rules=[*collect_rules(globals()), QueryRule(Sum, [Number])])
    assert runner.request(Sum, [Number(3)]) == Sum(6 + 0 + 2 + 4)


def test_a_rule_may_call_itself() -> None:
    runner = RuleRunner(rules=[double.rule, QueryRule(Doubled, [Number, Factor])])  # type: ignore[attr-defined]
    assert runner.request(Doubled, [Number(1000), Factor(3)]) == Doubled(300)


def test_a_keyword_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="positional"):
        double(Number(1), factor=Factor(2))


def test_too_many_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="up to 1 positional"):
        add(Number(1), Number(2))  # type: ignore[call-arg]


def test_a_call_with_an_effect_is_declared_as_one() -> None:
    call = effect_by_type(Sum, Number)
    assert isinstance(call(Number(1)), Effect)
    assert call.constraints(1, []).is_effect
    assert not isinstance(double(Number(1), Factor(2)), Effect)
