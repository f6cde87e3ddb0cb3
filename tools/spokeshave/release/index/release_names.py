"""The names of releases as users write them."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import canonicalize_name


def meant_name(text: str, names: Iterable[str]) -> str:
    """Return which of the names of releases a text means: that one, or the only one that installers take for the same.

    A text that means none, or more than one, is returned as it is.
    """
    found = set(names)
    same = [name for name in found if canonicalize_name(name) == canonicalize_name(text)]
    return same[0] if len(same) == 1 and text not in found else text
