"""Parsing of options that pin something per Python version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from spokeshave_core.problems import Problems, SpokeshaveError

T = TypeVar("T")


def parse_entries(
    entries: Mapping[str, str], parse: Callable[[str, str], T], error: type[SpokeshaveError]
) -> tuple[T, ...]:
    """Parse all entries.

    Args:
        error: What is raised, with the problem of every wrong entry.
    """
    found: list[T] = []
    problems = Problems()
    for key, text in entries.items():
        with problems.collecting():
            found.append(parse(key, text))
    problems.raise_if_any(error)
    return tuple(found)
