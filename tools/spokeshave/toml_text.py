"""TOML, with one error for all texts that are not."""

from __future__ import annotations

import sys
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


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
        return tomllib.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except ValueError as err:
        raise InvalidTomlError(str(err)) from err
    except RecursionError as err:
        raise InvalidTomlError("it is nested too deeply") from err
