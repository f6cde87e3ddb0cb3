"""The values of a recipe on one platform and Python: its conditions, and its texts with `${{ }}`.

Conditions are expressions of Jinja, whose common part is that of Python: they are parsed as Python and evaluated by the
functions below. A value that is known to the build alone, such as a compiler's version, makes a condition unknown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from spokeshave.release.conda.subdirs import SUBDIRS, Subdir

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_WORDS = {"true": True, "false": False, "none": None}
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

    def values(self) -> dict[str, object]:
        """Return the variables of expressions: those of the variant and of the recipe's context."""
        values = self.variant.values()
        for name, value in self.context.items():
            values[name] = _substituted(value, values) if isinstance(value, str) else value
        return values

    def holds(self, condition: object) -> bool | None:
        """Return whether a condition holds. None if that is not known."""
        if isinstance(condition, bool):
            return condition
        try:
            tree = ast.parse(str(condition).strip(), mode="eval")
            value = _value(tree.body, self.values())
        except (SyntaxError, ValueError, _UnknownError):
            return None
        return bool(value)

    def text(self, template: object) -> str:
        """Return a text with its variables replaced. Other expressions stay in it."""
        return _substituted(str(template), self.values())

    def items(self, node: object) -> Iterator[object]:
        """Yield the items of a list or a value, without its conditions. Both sides of an unknown one are yielded."""
        if isinstance(node, list):
            for item in node:
                yield from self.items(item)
        elif isinstance(node, Mapping) and "if" in node:
            holds = self.holds(node["if"])
            if holds is not False:
                yield from self.items(node.get("then"))
            if holds is not True:
                yield from self.items(node.get("else"))
        elif node is not None:
            yield node


class _UnknownError(Exception):
    """An expression whose value only the build knows."""


def _substituted(template: str, values: Mapping[str, object]) -> str:
    def replace(match: re.Match[str]) -> str:
        try:
            value = _value(ast.parse(match[1], mode="eval").body, values)
        except (SyntaxError, ValueError, _UnknownError):
            return match[0]
        return str(value).lower() if isinstance(value, bool) else str(value)

    return _EXPRESSION.sub(replace, template)


def _value(node: ast.expr, values: Mapping[str, object]) -> object:
    """Return the value of an expression.

    Raises:
        _UnknownError: If only the build knows it.
    """
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id in _WORDS:
            return _WORDS[node.id]
        if node.id not in values or UNKNOWN in str(values[node.id]):
            raise _UnknownError
        return values[node.id]
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
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _filtered(node, values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "match":
        python, spec = (_value(argument, values) for argument in node.args)
        return matches(str(python), str(spec))
    raise _UnknownError


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
    if isinstance(operator, (ast.In, ast.NotIn)) and isinstance(right, (str, list)):
        return (left in right) is isinstance(operator, ast.In)
    raise _UnknownError


def _filtered(node: ast.BinOp, values: Mapping[str, object]) -> object:
    text = str(_value(node.left, values))
    name = node.right.id if isinstance(node.right, ast.Name) else ""
    if name == "last":
        return text[-1:]
    if name == "lower":
        return text.lower()
    raise _UnknownError


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
