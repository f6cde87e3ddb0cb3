"""A small preprocessor: the lines of a C header that a compiler sees, sufficient for CPython's headers.

Macros that a header defines itself are known if they are empty or a number. Other headers are not followed.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Mapping

# Of an expression, and of the widest number in one.
_LONGEST = 4000
_BITS = 64
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DIRECTIVE = re.compile(r"\s*#\s*(?P<name>\w+)\b(?P<rest>.*)")
_DEFINE = re.compile(r"\s+(?P<name>\w+)(?:\s+(?P<value>[0-9]{1,20}))?\s*")
_DEFINED = re.compile(r"\bdefined\s*(?:\(\s*(\w+)\s*\)|(\w+))")
_CALL = re.compile(r"\b[A-Za-z_]\w*\s*\([^()]*\)")
_NAME = re.compile(r"\b[A-Za-z_]\w*\b")
_SUFFIX = re.compile(r"\b(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]+\b")
_WORDS = {"&&": " and ", "||": " or ", "!": " not "}
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def visible_text(text: str, macros: Mapping[str, int]) -> str:
    """Return the lines of a header that its conditions select, without the conditions and comments.

    Args:
        macros: The defined macros and their values.
    """
    known = dict(macros)
    lines = _COMMENT.sub(" ", text).replace("\\\n", " ").split("\n")
    visible: list[str] = []
    # For each open condition: whether its lines are visible, and whether one of its branches was.
    conditions: list[tuple[bool, bool]] = []
    for line in lines:
        directive = _DIRECTIVE.match(line)
        name, rest = (directive["name"], directive["rest"]) if directive else ("", "")
        if name in ("if", "ifdef", "ifndef"):
            # In invisible text, expressions may be invalid. The second value prevents that another branch is visible.
            is_seen = all(seen for seen, _ in conditions)
            holds = is_seen and _holds(name, rest, known)
            conditions.append((holds, holds or not is_seen))
        elif name in ("elif", "else") and conditions:
            taken = conditions[-1][1]
            holds = not taken and (name == "else" or _holds("if", rest, known))
            conditions[-1] = (holds, taken or holds)
        elif name == "endif" and conditions:
            conditions.pop()
        elif all(seen for seen, _ in conditions):
            visible.append(line)
            define = _DEFINE.fullmatch(rest) if name == "define" else None
            if define is not None:
                known[define["name"]] = int(define["value"] or 1)
    return "\n".join(visible)


def _holds(directive: str, rest: str, macros: Mapping[str, int]) -> bool:
    if directive == "if":
        return bool(evaluate(rest, macros))
    name = _NAME.search(rest)
    if name is None:
        raise ValueError(f"#{directive} without a name is not understood")
    return (name[0] in macros) == (directive == "ifdef")


def evaluate(expression: str, macros: Mapping[str, int]) -> int:
    """Return the value of an `#if` expression. Undefined names and macros with arguments are 0.

    Raises:
        ValueError: If it is not an expression of comparisons, sums and logic.
    """
    text = _DEFINED.sub(lambda match: str(int((match[1] or match[2]) in macros)), expression)
    text = _CALL.sub("0", text)
    text = _NAME.sub(lambda match: str(macros.get(match[0], 0)), _SUFFIX.sub(r"\1", text))
    text = re.sub(r"&&|\|\||!(?!=)", lambda match: _WORDS[match[0]], text)
    if len(text) > _LONGEST:
        raise ValueError(f"{expression.strip()[:20]!r}... is too long")
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, MemoryError, RecursionError, ZeroDivisionError) as error:
        raise ValueError(f"{expression.strip()!r} is not understood") from error


def _value(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.BoolOp):
        decide = all if isinstance(node.op, ast.And) else any
        return int(decide(_value(value) for value in node.values))
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand)
        return int(not value) if isinstance(node.op, ast.Not) else -value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left = _value(node.left)
        right = _value(node.right)
        if isinstance(node.op, (ast.LShift, ast.RShift)) and not 0 <= right < _BITS:
            raise ValueError(f"a shift by {right} bits is not understood")
        return int(_OPERATORS[type(node.op)](left, right))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return int(_OPERATORS[type(node.ops[0])](_value(node.left), _value(node.comparators[0])))
    raise ValueError(f"{ast.dump(node)} is not understood")
