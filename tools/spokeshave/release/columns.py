"""Rows of texts as lines of columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def in_columns(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return a line for each row. A column is as wide as its longest text.

    Args:
        right: The columns that are aligned on the right, counted from 0.
    """
    columns = [_aligned(texts, number in right) for number, texts in enumerate(zip(*rows))]
    return ["  ".join(row).rstrip() for row in zip(*columns)]


def _aligned(texts: Sequence[str], is_right: bool) -> list[str]:
    width = max(map(len, texts))
    return [text.rjust(width) if is_right else text.ljust(width) for text in texts]
