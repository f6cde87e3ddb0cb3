"""The values of a recipe on one platform and Python: its conditions, and its texts with `${{ }}`.

Conditions are expressions of Jinja, whose common part is that of Python: they are parsed as Python and evaluated by the
functions below. A value that is known to the build alone, such as a compiler's version, makes a condition unknown, as
does all that cannot be evaluated.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from spokeshave.release.conda.subdirs import SUBDIRS, Subdir

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL)
_WORDS = {"true": True, "false": False, "none": None}
_AS_PYTHON = str.maketrans({"|": "@", "~": "|", "\n": " "})
"""Jinja's operators as those of Python that bind as they do: a filter tighter than `~`, and `~` than a comparison."""
_FILTERS: Mapping[str, Callable[..., object]] = {
    "first": lambda value: value[0],
    "int": lambda value: int(value),
    "join": lambda value, separator="": separator.join(map(_text, value)),
    "last": lambda value: value[-1],
    "length": lambda value: len(value),
    "lower": lambda value: _text(value).lower(),
    "replace": lambda value, old, new: _text(value).replace(old, new),
    "split": lambda value, separator: _text(value).split(separator),
    "trim": lambda value: _text(value).strip(),
    "upper": lambda value: _text(value).upper(),
}
_PINS = ("pin_compatible", "pin_subpackage")
UNKNOWN = "${{"
"""What a text contains that has a value of the build's own."""


@dataclass(frozen=True)
class Variant:
    """A platform of conda, and the minor version of Python with a GIL."""

    subdir: Subdir
    minor: int

    def values(self) -> dict[str, object]:
        """Return the variables of conditions."""
        system = self.subdir.system
        names = {each.machine for each in SUBDIRS} | {"linux", "osx", "win"}
        return {
            **{name: name in (system, self.subdir.machine) for name in names},
            "unix": system != "win",
            "target_platform": self.subdir.name,
            "build_platform": self.subdir.name,
            "host_platform": self.subdir.name,
            "python": f"3.{self.minor}",
            "is_freethreading": False,
        }


@dataclass(frozen=True)
class Evaluator:
    """Evaluates a recipe on a variant."""

    variant: Variant
    context: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def values(self) -> Mapping[str, object]:
        """The variables of expressions: those of the variant and of the recipe's context."""
        values = self.variant.values()
        for name, value in self.context.items():
            values[name] = _rendered(value, values) if isinstance(value, str) else value
        return values

    def holds(self, condition: object) -> bool | None:
        """Return whether a condition holds. None if that is not known."""
        if isinstance(condition, bool):
            return condition
        try:
            return bool(_evaluated(str(condition), self.values))
        except _UnknownError:
            return None

    def text(self, template: object) -> str:
        """Return a text with its variables replaced. Other expressions stay in it."""
        return _substituted(_text(template), self.values)

    def pin(self, template: object) -> tuple[str, bool] | None:
        """Return the package that the build pins to one of its own, and whether to the same build. None for others.

        The name is empty if only the build knows it.
        """
        match = _EXPRESSION.fullmatch(str(template).strip())
        try:
            node = _parsed(match[1]) if match else None
        except _UnknownError:
            return None
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in _PINS:
            return None
        named = [keyword.value for keyword in node.keywords if keyword.arg == "package_name"]
        exact = any(keyword.arg == "exact" and self._is_true(keyword.value) for keyword in node.keywords)
        try:
            name = _text(_value([*node.args, *named][0], self.values))
        except _UNEVALUATED:
            return "", exact
        return name.lower(), exact

    def _is_true(self, node: ast.expr) -> bool:
        try:
            return _value(node, self.values) is True
        except _UNEVALUATED:
            return False

    def items(self, node: object) -> Iterator[object]:
        """Yield the items of a list or a value that hold here, without their conditions."""
        return (item for item, is_certain in _items(self, node) if is_certain)

    def uncertain(self, node: object) -> Iterator[object]:
        """Yield the items of a list or a value under conditions that only the build knows."""
        return (item for item, is_certain in _items(self, node) if not is_certain)


class _UnknownError(Exception):
    """An expression whose value only the build knows."""


# A recipe may have any text for an expression. Python's parser reports a deep one by either of the last two.
_UNEVALUATED = (_UnknownError, SyntaxError, ValueError, TypeError, LookupError, RecursionError, MemoryError)


def _items(evaluator: Evaluator, node: object, *, is_certain: bool = True) -> Iterator[tuple[object, bool]]:
    """Yield the items of a list or a value, and whether their conditions are known."""
    if isinstance(node, list):
        for item in node:
            yield from _items(evaluator, item, is_certain=is_certain)
    elif isinstance(node, Mapping) and "if" in node:
        holds = evaluator.holds(node["if"])
        is_certain = is_certain and holds is not None
        if holds is not False:
            yield from _items(evaluator, node.get("then"), is_certain=is_certain)
        if holds is not True:
            yield from _items(evaluator, node.get("else"), is_certain=is_certain)
    elif node is not None:
        yield node, is_certain


def _text(value: object) -> str:
    """Return a value as a template has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _substituted(template: str, values: Mapping[str, object]) -> str:
    def replace(match: re.Match[str]) -> str:
        try:
            return _text(_evaluated(match[1], values))
        except _UnknownError:
            return match[0]

    return _EXPRESSION.sub(replace, template)


def _rendered(template: str, values: Mapping[str, object]) -> object:
    """Return the value of a variable: that of an expression if it is nothing else, or a text."""
    match = _EXPRESSION.fullmatch(template)
    try:
        return _evaluated(match[1], values) if match else _substituted(template, values)
    except _UnknownError:
        return _substituted(template, values)


def _parsed(text: str) -> ast.expr:
    """Return the tree of an expression.

    Raises:
        _UnknownError: If it is not one, or of a form that Python lacks.
    """
    parts = _QUOTED.split(text.strip())
    parts[::2] = [part.translate(_AS_PYTHON) for part in parts[::2]]
    # In Jinja, an `if` without `else` is empty where it does not hold.
    for end in ("", " else ''"):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.parse("".join(parts) + end, mode="eval").body
    raise _UnknownError


def _evaluated(text: str, values: Mapping[str, object]) -> object:
    """Return the value of an expression.

    Raises:
        _UnknownError: If only the build knows it, or nobody does.
    """
    try:
        return _value(_parsed(text), values)
    except _UNEVALUATED as err:
        raise _UnknownError from err


def _value(node: ast.expr, values: Mapping[str, object]) -> object:
    """Return the value of an expression's tree.

    Raises:
        _UnknownError: If only the build knows it. Other errors are those of Python's operators.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return _variable(node.id, values)
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(element, values) for element in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not _value(node.operand, values)
    if isinstance(node, ast.BoolOp):
        return _boolean(node, values)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _comparison(node, values)
    if isinstance(node, ast.IfExp):
        return _value(node.body if _value(node.test, values) else node.orelse, values)
    if isinstance(node, ast.BinOp):
        return _operation(node, values)
    if isinstance(node, ast.Subscript):
        return _element(node, values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "match":
        python, spec = (_value(argument, values) for argument in node.args)
        return matches(str(python), str(spec))
    raise _UnknownError


def _variable(name: str, values: Mapping[str, object]) -> object:
    if name in _WORDS:
        return _WORDS[name]
    if name not in values or UNKNOWN in str(values[name]):
        raise _UnknownError
    return values[name]


def _boolean(node: ast.BoolOp, values: Mapping[str, object]) -> bool:
    """Return the value of `and` or `or`, which one side may decide alone."""
    decisive = isinstance(node.op, ast.Or)
    is_unknown = False
    for operand in node.values:
        try:
            if bool(_value(operand, values)) is decisive:
                return decisive
        except _UnknownError:
            is_unknown = True
    if is_unknown:
        raise _UnknownError
    return not decisive


def _comparison(node: ast.Compare, values: Mapping[str, object]) -> bool:
    left = _value(node.left, values)
    right = _value(node.comparators[0], values)
    operator = node.ops[0]
    if isinstance(operator, (ast.Eq, ast.NotEq)):
        return (left == right) is isinstance(operator, ast.Eq)
    is_within = isinstance(right, list) or (isinstance(left, str) and isinstance(right, str))
    if isinstance(operator, (ast.In, ast.NotIn)) and is_within:
        return (left in right) is isinstance(operator, ast.In)  # type: ignore[operator]
    raise _UnknownError


def _operation(node: ast.BinOp, values: Mapping[str, object]) -> object:
    left = _value(node.left, values)
    if isinstance(node.op, ast.MatMult):
        return _filtered(left, node.right, values)
    right = _value(node.right, values)
    if isinstance(node.op, ast.BitOr):
        return _text(left) + _text(right)
    if isinstance(node.op, ast.Add):
        if isinstance(left, int) and isinstance(right, int):
            return left + right
        if isinstance(left, str) and isinstance(right, str):
            return left + right
    raise _UnknownError


def _filtered(value: object, node: ast.expr, values: Mapping[str, object]) -> object:
    arguments: list[object] = []
    if isinstance(node, ast.Call) and not node.keywords:
        arguments = [_value(argument, values) for argument in node.args]
        node = node.func
    if not isinstance(node, ast.Name) or node.id not in _FILTERS:
        raise _UnknownError
    return _FILTERS[node.id](value, *arguments)


def _element(node: ast.Subscript, values: Mapping[str, object]) -> object:
    """Return an element, or a part of a list or a text."""
    container = _value(node.value, values)
    index: object = node.slice
    if isinstance(index, ast.Slice):
        bounds = [_bound(bound, values) for bound in (index.lower, index.upper, index.step)]
        index = slice(*bounds)
    elif isinstance(index, ast.expr):
        index = _bound(index, values)
    if isinstance(container, (str, list)) and isinstance(index, (int, slice)):
        return container[index]
    if isinstance(container, Mapping):
        return container[index]
    raise _UnknownError


def _bound(node: ast.expr | None, values: Mapping[str, object]) -> object:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return -node.operand.value  # type: ignore[operator]
    return None if node is None else _value(node, values)


def matches(version: str, spec: str) -> bool:
    """Return whether a version satisfies a version spec of conda, such as `>=3.11,<3.13` or `3.12.*`.

    Raises:
        _UnknownError: For a spec of another form, such as one with `|`.
    """
    parts = [part.strip() for part in spec.split(" ")[0].split(",") if part.strip()]
    texts = [part if part[0] in "<>!~=" else f"={part}" for part in parts]
    try:
        return SpecifierSet(",".join(_pep_440(text) for text in texts)).contains(version, prereleases=True)
    except InvalidSpecifier as err:
        raise _UnknownError from err


def matches_or_none(version: str, spec: str) -> bool | None:
    """Return whether a version satisfies a version spec of conda. None for a spec of another form."""
    try:
        return matches(version, spec)
    except _UnknownError:
        return None


def _pep_440(clause: str) -> str:
    """Return a clause in PEP 440's form. `=3.12` and `3.12.*` are prefixes."""
    if clause.startswith("!=.*"):
        return f"!={clause[4:]}.*"
    if clause.startswith("=") and not clause.startswith("=="):
        prefix = clause[1:].rstrip("*").rstrip(".")
        return f"=={prefix}.*"
    return clause
