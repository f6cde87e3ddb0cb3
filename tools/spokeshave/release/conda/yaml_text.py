"""A canonical writer of YAML documents: mappings, lists, texts, integers and truth values, in block style.

A text is quoted wherever a reader of YAML 1.1 or 1.2 could take it for something else. The same document is always the
same text, which the writers of YAML libraries do not promise between their releases.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Union

Node = Union[str, int, bool, "Sequence[Node]", "Mapping[str, Node]"]

# Letters first, so that no number, date, anchor or indicator is meant. A colon only where no space follows, and no `#`.
_PLAIN = re.compile(r"[A-Za-z_$](?:[A-Za-z0-9_ $%{}()|.,/+=<>!*~@'\"-]|:(?=[^ ]))*(?<! )", re.ASCII)
_MISREAD = frozenset("y n yes no on off true false null nan inf".split())


def to_yaml(document: Mapping[str, Node]) -> str:
    """Return the text of a document."""
    return "".join(f"{line}\n" for line in _mapping(document))


def _mapping(node: Mapping[str, Node]) -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, (str, int)):
            yield f"{_scalar(key)}: {_scalar(value)}"
        elif not value:
            yield f"{_scalar(key)}: {'{}' if isinstance(value, Mapping) else '[]'}"
        else:
            yield f"{_scalar(key)}:"
            yield from (f"  {line}" for line in _lines(value))


def _lines(node: Node) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from _mapping(node)
    elif isinstance(node, (str, int)):
        yield _scalar(node)
    else:
        for item in node:
            first, *others = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in others)


def _scalar(value: str | int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    is_plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _MISREAD
    return value if is_plain else _quoted(value)


def _quoted(text: str) -> str:
    """Return a text in double quotes. JSON's escapes are YAML's, but for characters outside of the first plane."""
    return json.dumps(text, ensure_ascii=False).translate(_ESCAPES)


# The characters that YAML does not allow unescaped, or that JSON leaves as they are and YAML folds.
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF)}
