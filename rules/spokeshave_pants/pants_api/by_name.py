"""Calls of rules by name on Pants 2.17.1, whose own rules know `Get` alone.

The name of a rule is bound to a `RuleCall`. A call returns the `Get` of the rule's output by the types of its
arguments. What a rule awaits is read from its body, as Pants reads `Get`s, when the rule is registered. Its module is
then complete, so a rule may call one that is below it, or itself.

This is the adapter of Pants' private reader of rule bodies.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, Generic, TypeVar, cast, get_type_hints, overload

from pants.engine.internals.rule_visitor import _AwaitableCollector
from pants.engine.internals.selectors import AwaitableConstraints, Effect, Get, MultiGet
from pants.engine.rules import TaskRule
from pants.engine.rules import goal_rule as pants_goal_rule
from pants.engine.rules import rule as pants_rule
from pants.util.logging import LogLevel
from pants.util.ordered_set import FrozenOrderedSet
from typing_extensions import ParamSpec

P = ParamSpec("P")
R = TypeVar("R")

# What a call of a rule returns.
Call = Get

_IMPLICITLY = "__implicitly"

# Pants' own function takes what a call returns, and the reader of rule bodies knows it.
concurrently = MultiGet


def implicitly(*arguments: Any) -> dict[str, Any]:
    """Return what the engine may use for a rule's other parameters: nothing, a value, or a dictionary of values.

    Args:
        arguments: At most one. The values of a dictionary are the types of its keys.

    Raises:
        TypeError: There are several. Newer versions read the type of the first one only.
    """
    if len(arguments) > 1:
        raise TypeError("`implicitly` takes one value, or one dictionary of values and their types")
    return {_IMPLICITLY: arguments}


class RuleCall(Generic[R]):
    """A rule that other rules call by its name."""

    def __init__(
        self, output: type[R], parameters: Iterable[type], function: Any = None, *, is_effect: bool = False
    ) -> None:
        self._is_effect = is_effect
        self._output = output
        self._parameters = tuple(parameters)
        self._function = function
        # The reader of rule bodies looks up the type of what a function returns under this name.
        setattr(self, "return", output)
        if function is not None:
            # Without `updated`, the attribute `rule` of the function would replace the property.
            functools.update_wrapper(self, function, updated=())

    @functools.cached_property
    def rule(self) -> TaskRule | None:
        """What Pants' `collect_rules` looks for. None for a rule of Pants itself, which is registered elsewhere."""
        if self._function is None:
            return None
        declared = cast(TaskRule, self._function.rule)
        return dataclasses.replace(declared, input_gets=tuple(FrozenOrderedSet(awaited_by(self._function))))

    def __call__(self, *arguments: Any, **options: Any) -> Get[R]:
        """Return the request for the output.

        Raises:
            TypeError: There are other arguments than positional ones and `**implicitly()`.
        """
        given = dict(zip(arguments, self._parameters))
        for argument in options.pop(_IMPLICITLY, ()):
            given.update(argument if isinstance(argument, dict) else {argument: type(argument)})
        if options or len(arguments) > len(self._parameters):
            raise TypeError(
                f"a rule takes up to {len(self._parameters)} positional arguments and `**implicitly()`, not "
                f"{len(arguments)} and {', '.join(options) or 'no others'}"
            )
        return cast("Get[R]", Effect(self._output, given)) if self._is_effect else Get(self._output, given)

    def constraints(self, arity: int, implicit: Iterable[type]) -> AwaitableConstraints:
        """Return what the rule graph must provide for a call with `arity` positional arguments."""
        return AwaitableConstraints(self._output, (*self._parameters[:arity], *implicit), is_effect=self._is_effect)


class _CallCollector(_AwaitableCollector):
    """Reads the calls of rules in a body, and in the coroutines that the body calls."""

    # `ast.NodeVisitor` finds the method by its name.
    def visit_Call(self, node: ast.Call) -> None:  # noqa: N802
        called = self._lookup(node.func)
        if isinstance(called, RuleCall):
            self.awaitables.append(called.constraints(len(node.args), self._implicit_types(node)))
        elif called is not MultiGet and inspect.iscoroutinefunction(called):
            self.awaitables.extend(awaited_by(called))
        self.generic_visit(node)

    def _implicit_types(self, node: ast.Call) -> Iterator[type]:
        for keyword in node.keywords:
            if keyword.arg is not None or not isinstance(keyword.value, ast.Call):
                raise TypeError(self._format(node, "A rule's arguments are positional, except for `**implicitly()`."))
            for argument in keyword.value.args:
                for where, found in self._typed(argument):
                    yield self._check_constraint_arg_type(found, where)

    def _typed(self, argument: ast.expr) -> Iterator[tuple[ast.expr, Any]]:
        """Yield the types of an argument of `implicitly`, each with the expression that names it."""
        if isinstance(argument, ast.Dict):
            yield from ((value, self._lookup(value)) for value in argument.values)
        elif isinstance(argument, ast.Call):
            called = self._lookup(argument.func)
            yield argument.func, called if isinstance(called, type) else get_type_hints(called).get("return")
        else:
            yield argument, self._lookup(argument)


@functools.cache
def awaited_by(function: Callable[..., Any]) -> tuple[AwaitableConstraints, ...]:
    """Return what the rule graph must provide for the calls in the body of a coroutine function."""
    return tuple(_CallCollector(function).awaitables)


@overload
def rule(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Get[R]]: ...
@overload
def rule(
    *, canonical_name: str = ..., desc: str = ..., level: LogLevel = ...
) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Callable[P, Get[R]]]: ...
def rule(*functions: Any, **options: Any) -> Any:
    """Declare a rule that other rules can call. Pants' own decorator makes the rule."""
    return _decorated(pants_rule, *functions, **options)


def goal_rule(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Get[R]]:
    """Declare the rule of a goal. Pants' own decorator makes the rule."""
    return cast("Callable[P, Get[R]]", _decorated(pants_goal_rule, function))


def _decorated(decorate: Callable[..., Any], *functions: Any, **options: Any) -> Any:
    if not functions:
        return lambda function: _decorated(decorate, function, **options)
    (function,) = functions
    declared = decorate(**options)(function).rule
    return RuleCall(declared.output_type, declared.input_selectors, function)


def by_type(output: type[R], *parameters: type) -> RuleCall[R]:
    """Return a rule of Pants itself, by the types of its output and its parameters."""
    return RuleCall(output, parameters)


def effect_by_type(output: type[R], *parameters: type) -> RuleCall[R]:
    """Return a rule of Pants itself that has an effect besides its output, which only goals may have."""
    return RuleCall(output, parameters, is_effect=True)
