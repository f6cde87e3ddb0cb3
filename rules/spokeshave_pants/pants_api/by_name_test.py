"""Tests of calls of rules by name on Pants 2.17.1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pants.engine.internals.selectors import Effect, Get
from pants.engine.rules import TaskRule, collect_rules
from pants.testutil.rule_runner import QueryRule, RuleRunner

from spokeshave_pants.pants_api.by_name import awaited_by, by_type, concurrently, effect_by_type, implicitly, rule


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


@rule(desc="Add")
async def add(number: Number) -> Sum:
    """Call a rule that is below this one, directly and through a helper."""
    first = await double(number, **implicitly())
    rest = await _doubled(number.value)
    return Sum(first.value + rest)


async def _doubled(count: int) -> int:
    found = await concurrently(double(**implicitly({Number(n): Number, Factor(2): Factor})) for n in range(count))
    return sum(each.value for each in found)


@rule
async def default_factor() -> Factor:
    return Factor(2)


@rule
async def double(number: Number, factor: Factor) -> Doubled:
    if number.value > 100:
        return await double(Number(100), **implicitly(factor))
    return Doubled(number.value * factor.value)


halve = by_type(Doubled, Number, Factor)
default = by_type(Factor)


def _number() -> Number:
    return Number(1)


async def _constructor() -> None:
    await double(**implicitly(Number(1)))


async def _constructor_and_positional() -> None:
    await double(Number(1), **implicitly(Factor(1)))


async def _dictionary() -> None:
    await double(**implicitly({_number(): Number, Factor(1): Factor}))


async def _function() -> None:
    await double(**implicitly(_number()))


async def _parameter(factor: Factor) -> None:
    await double(Number(1), **implicitly(factor))


async def _nothing() -> None:
    await double(Number(1), **implicitly())


async def _of_pants() -> None:
    await concurrently(halve(Number(1), Factor(1)), halve(Number(1), **implicitly()))
    await default()


async def _helped() -> None:
    await _of_pants()
    await _of_pants()


async def _nested() -> None:
    async def inner() -> Doubled:
        return await double(Number(1), Factor(1))

    await inner()


BOTH = (Doubled, (Number, Factor))
ONE = (Doubled, (Number,))


@pytest.mark.parametrize(
    ("function", "awaited"),
    [
        (_constructor, [ONE]),
        (_constructor_and_positional, [BOTH]),
        (_dictionary, [BOTH]),
        (_function, [ONE]),
        (_parameter, [BOTH]),
        (_nothing, [ONE]),
        (_of_pants, [BOTH, ONE, (Factor, ())]),
        (_helped, [BOTH, ONE, (Factor, ())] * 2),
        (_nested, [BOTH]),
    ],
)
def test_the_types_of_calls_are_read_from_a_body(
    function: Callable[..., Awaitable[Any]], awaited: list[tuple[type, tuple[type, ...]]]
) -> None:
    assert [(each.output_type, each.input_types) for each in awaited_by(function)] == awaited


def test_a_call_by_name_runs_the_rule() -> None:
    runner = RuleRunner(rules=[*collect_rules(globals()), QueryRule(Sum, [Number])])
    assert runner.request(Sum, [Number(3)]) == Sum(6 + 0 + 2 + 4)


def test_a_rule_may_call_itself() -> None:
    runner = RuleRunner(rules=[double.rule, QueryRule(Doubled, [Number, Factor])])  # type: ignore[attr-defined]
    assert runner.request(Doubled, [Number(1000), Factor(3)]) == Doubled(300)


def test_a_rule_keeps_its_name_and_description() -> None:
    assert add.__doc__ == "Call a rule that is below this one, directly and through a helper."
    declared = add.rule  # type: ignore[attr-defined]
    assert (declared.desc, declared.canonical_name) == ("Add", f"{__name__}.add")
    assert [(each.output_type, each.input_types) for each in declared.input_gets] == [ONE, BOTH]


def test_a_rule_of_pants_is_not_collected_again() -> None:
    assert halve.rule is None
    found = {declared.canonical_name for declared in collect_rules(globals()) if isinstance(declared, TaskRule)}
    assert found == {f"{__name__}.{name}" for name in ("add", "default_factor", "double")}


def test_a_call_is_the_request_for_its_output() -> None:
    call = double(Number(1), **implicitly({Factor(2): Factor}))
    assert isinstance(call, Get)
    assert (call.output_type, list(call.input_types), call.inputs) == (
        Doubled,
        [Number, Factor],
        [Number(1), Factor(2)],
    )


def test_a_keyword_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="positional"):
        double(Number(1), factor=Factor(2))


def test_too_many_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="up to 1 positional"):
        add(Number(1), Number(2))  # type: ignore[call-arg]


def test_several_implicit_arguments_are_refused() -> None:
    """Newer versions read the type of the first one only."""
    with pytest.raises(TypeError, match="one value, or one dictionary"):
        implicitly(Number(1), Factor(2))


async def _keyword() -> None:
    await double(Number(1), factor=Factor(1))


async def _unpacked(options: dict[str, Any]) -> None:
    await double(Number(1), **options)


@pytest.mark.parametrize("function", [_keyword, _unpacked])
def test_a_body_with_a_keyword_argument_is_refused(function: Callable[..., Awaitable[Any]]) -> None:
    with pytest.raises(TypeError, match=r"by_name_test\.py:\d+: A rule's arguments are positional"):
        awaited_by(function)


def test_a_call_with_an_effect_is_declared_as_one() -> None:
    call = effect_by_type(Sum, Number)
    assert isinstance(call(Number(1)), Effect)
    assert call.constraints(1, []).is_effect
    assert not isinstance(double(Number(1), Factor(2)), Effect)
