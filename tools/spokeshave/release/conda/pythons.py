"""Which Pythons a release is for, and their conditions in a recipe."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from packaging.specifiers import InvalidSpecifier

from spokeshave.errors import InvalidWheelError
from spokeshave.requirement_text import parse_specifiers
from spokeshave_core.problems import Problem
from spokeshave_core.python_abi import OLDEST_FREE_THREADED_MINOR, PythonVersion

FREE_THREADED = 'python | last == "t"'
"""The condition of a build for a free-threaded Python: conda-forge's value of `python` is `3.14.* *_cp314t` there."""

OLDEST_MINOR = 6
_BEYOND = 99
_FULL_VERSION = re.compile(r"(?<![\w.])3\.(?P<minor>[0-9]+)(?:\.(?P<micro>[0-9]+))?(?P<suffix>(?:a|b|rc)[0-9]+|)")
NEWEST_MINOR = 40
"""Beyond any Python of today. What holds there holds for all newer ones."""


def allowed_minors(requires_python: str, wheel: str) -> tuple[int, ...]:
    """Return the minor versions of Python 3 that Requires-Python allows, up to one that stands for all newer ones.

    Args:
        wheel: The wheel that states it, for messages.

    Raises:
        InvalidWheelError: If it is not valid, or allows none.
    """
    try:
        allowed = parse_specifiers(requires_python)
    except InvalidSpecifier as err:
        raise InvalidWheelError(Problem(wheel, f"has an invalid Requires-Python: {err}", "Build it again.")) from err
    minors = tuple(
        minor
        for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1)
        if any(allowed.contains(full) for full in full_versions(minor, requires_python))
    )
    if not minors:
        raise InvalidWheelError(
            Problem(
                wheel, f"requires Python {requires_python}, which no Python 3 satisfies", "Correct requires-python."
            )
        )
    return minors


def full_versions(minor: int, text: str) -> tuple[str, ...]:
    """Return versions of a minor version, of which one satisfies a text if any does.

    They are the first, one that no minor version reaches, and those that the text names, with their neighbors.

    Args:
        text: A version specifier or an environment marker.
    """
    numbers = {0, _BEYOND}
    named = []
    for match in _FULL_VERSION.finditer(text):
        if int(match["minor"]) == minor:
            number = int(match["micro"] or 0)
            numbers |= {max(number - 1, 0), number, number + 1}
            named.append(f"3.{minor}.{number}{match['suffix']}")
    return tuple(dict.fromkeys((*(f"3.{minor}.{number}" for number in sorted(numbers)), *named)))


def python_condition(chosen: Collection[int], among: Sequence[int]) -> str:
    """Return the condition of some minor versions among all that a recipe is for. Empty for all of them.

    Args:
        among: Sorted. The last one stands for all newer ones.
    """
    if set(chosen) >= set(among):
        return ""
    texts = [_range_condition(first, last, among) for first, last in _ranges(chosen, among)]
    return " or ".join(texts)


def allowed_condition(minors: Collection[int]) -> str:
    """Return the condition of the Pythons that Requires-Python allows. Empty if it allows all."""
    return python_condition(minors, range(OLDEST_MINOR, NEWEST_MINOR + 1))


def _range_condition(first: int, last: int, among: Sequence[int]) -> str:
    lower = f">=3.{first}" if first > among[0] else ""
    upper = f"<3.{last + 1}" if last < among[-1] else ""
    spec = f"3.{first}.*" if first == last else ",".join(filter(None, (lower, upper)))
    return f'match(python, "{spec}")'


def _ranges(chosen: Collection[int], among: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last version of each range of chosen versions, without a gap of `among`."""
    run: list[int] = []
    for minor in among:
        if minor in chosen:
            run.append(minor)
        elif run:
            yield run[0], run[-1]
            run = []
    if run:
        yield run[0], run[-1]


def build_condition(version: PythonVersion) -> str:
    """Return the condition of the builds of one Python, with a GIL or without."""
    matched = f'match(python, "3.{version.minor}.*")'
    if version.free_threaded:
        return f"{matched} and {FREE_THREADED}"
    return matched if version.minor < OLDEST_FREE_THREADED_MINOR else f"{matched} and not ({FREE_THREADED})"


def stable_condition(first: int, last: int | None, others: Iterable[PythonVersion], *, has_free_threaded: bool) -> str:
    """Return the condition of the Pythons that a wheel for a stable ABI serves.

    Args:
        last: The last minor version; None if it serves all newer ones.
        others: The Pythons that have wheels of their own.
        has_free_threaded: Whether it serves free-threaded builds too.
    """
    upper = "" if last is None else f",<3.{last + 1}"
    parts = [f'match(python, ">=3.{first}{upper}")']
    for other in sorted(others):
        if other.minor >= first:
            text = build_condition(other) if has_free_threaded else f'match(python, "3.{other.minor}.*")'
            parts.append(f"not ({text})" if " and " in text else f"not {text}")
    if not has_free_threaded:
        parts.append(f"not ({FREE_THREADED})")
    return " and ".join(parts)
