"""Sizes in bytes, as people read and write them."""

from __future__ import annotations

import re
from fractions import Fraction

_UNITS = ("B", "kB", "MB", "GB", "TB")
_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[KMGT]?)(?:i?B)?", re.IGNORECASE)
_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def human_size(size: float) -> str:
    """Return a number of bytes as a reader wants it, such as `15.3 MB`."""
    unit = 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    return f"{size:.0f} {_UNITS[unit]}" if unit == 0 or size >= 100 else f"{size:.1f} {_UNITS[unit]}"


def parse_size(text: str | float) -> int:
    """Return the bytes of `20G`, `1.5 GiB` or `512M` (powers of 1024).

    Raises:
        ValueError: For any other text.
    """
    found = _SIZE.fullmatch(str(text).strip())
    if found is None:
        raise ValueError(f"{text!r} is not a valid size; use a number with a K, M, G or T suffix, such as 20G")
    return int(Fraction(found["number"]) * _FACTORS[found["unit"].upper()])
