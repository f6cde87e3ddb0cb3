"""TOML of the values that a [project] table has."""

from __future__ import annotations

import json
from collections.abc import Mapping


def write_toml(tables: Mapping[str, object]) -> str:
    """Return the text of top-level tables, each in one line a key."""
    lines = []
    for name, table in tables.items():
        assert isinstance(table, Mapping)
        lines += [f"[{name}]", *(f"{_text(key)} = {_value(value)}" for key, value in table.items())]
    return "\n".join([*lines, ""])


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return _text(value) if isinstance(value, str) else str(value).lower()


def _text(text: str) -> str:
    """Return a basic string. JSON escapes more than TOML asks, in the same form but for surrogate pairs."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
