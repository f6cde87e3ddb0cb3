"""A limit on the bytes copied from a native file, because tables may refer to the same bytes many times."""

from __future__ import annotations

# Tables share texts (the ends of longer ones), but not many times over.
_COPIES = 16
# A trie contains each prefix of the names only once.
TRIE_COPIES = 64
_LEAST = 1 << 16
# No library has so many names, and each takes time.
_MOST_NAMES = 1 << 21


class NameBudget:
    """A counter of the bytes copied from a file of `size` bytes.

    Args:
        names: The most parts that are copied.
    """

    def __init__(self, size: int, copies: int = _COPIES, names: int = _MOST_NAMES) -> None:
        self._left = max(size * copies, _LEAST)
        self._names_left = names

    def spend(self, count: int) -> None:
        """Count copied bytes.

        Raises:
            ValueError: If they are many times the size of the file.
        """
        self._left -= count
        self._names_left -= 1
        if self._left < 0 or self._names_left < 0:
            raise ValueError("its names are longer than the file")
