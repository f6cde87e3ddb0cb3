"""The entries of an option that pins something per Python version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from spokeshave_core.problems import SpokeshaveError

T = TypeVar("T")


def parse_entries(
    entries: Mapping[str, str], parse: Callable[[str, str], T], error: type[SpokeshaveError]
) -> tuple[T, ...]:
    """Every entry, parsed.

    :raises error: that tells every wrong entry, each of which `parse` raises it for.
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
