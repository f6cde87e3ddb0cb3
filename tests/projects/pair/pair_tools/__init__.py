"""The second of two wheels, which needs the first."""

import pair_core

from pair_tools._native import number

__all__ = ["number", "total"]


def total() -> int:
    return pair_core.number() + number()
