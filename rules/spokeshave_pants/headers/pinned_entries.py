"""Parsing of options that pin something per Python version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from spokeshave_core.problems import SpokeshaveError

T = TypeVar("T")


def parse_entries(
    entries: Mapping[str, str], parse: Callable[[str, str], T], error: type[SpokeshaveError]
) -> tuple[T, ...]:
    """Parse all entries.

    Raises:
        error: If `parse` raises it for any entry. The message reports all invalid entries.
    """
    found: list[T] = []
    problems: list[str] = []
    for key, text in entries.items():
        try:
            found.append(parse(key, text))
        except error as problem:
            problems.append(str(problem))
    if problems:
        raise error("\n".join(problems))
    return tuple(found)
