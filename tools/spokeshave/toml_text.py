"""TOML, with one error for all texts that are not."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


_DEEPEST = 100


class InvalidTomlError(ValueError):
    """A text that is not TOML. The message says what is wrong, and where."""


def parse_toml(text: str | bytes) -> dict[str, Any]:
    """Return the document in a text.

    The library has other errors for bytes that are not UTF-8, for numbers of thousands of digits, and for texts that
    are nested deeply.

    Raises:
        InvalidTomlError: If it is not TOML.
    """
    try:
        document = tomllib.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except ValueError as err:
        raise InvalidTomlError(str(err)) from err
    except RecursionError as err:
        raise InvalidTomlError("it is nested too deeply") from err
    _check_depth(document)
    return document


def _check_depth(document: object) -> None:
    """Check that a document is not nested deeper than what compares, copies or writes it can follow.

    Keys with many dots make tables in tables without recursion of the parser.

    Raises:
        InvalidTomlError: If it is.
    """
    level = [document]
    for _ in range(_DEEPEST):
        level = [item for value in level if isinstance(value, (dict, list)) for item in _items(value)]
    if level:
        raise InvalidTomlError("it is nested too deeply")


def _items(value: dict[str, object] | list[object]) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value
