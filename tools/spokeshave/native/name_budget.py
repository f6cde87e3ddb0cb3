"""A limit on what a reader of a native file copies out of it: tables may name the same bytes again and again."""

from __future__ import annotations

# Tables share texts (the ends of longer ones), but not many times over.
_COPIES = 16
# A trie has the beginning of each name once only.
TRIE_COPIES = 64
_LEAST = 1 << 16


class NameBudget:
    """Counts the bytes that were copied out of a file of ``size`` bytes."""

    def __init__(self, size: int, copies: int = _COPIES) -> None:
        self._left = max(size * copies, _LEAST)

    def spend(self, count: int) -> None:
        """Note that bytes are copied; raises `ValueError` where they are many times as many as the file has."""
        self._left -= count
        if self._left < 0:
            raise ValueError("its names are longer than the file")
