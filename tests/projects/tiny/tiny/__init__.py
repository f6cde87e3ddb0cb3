"""The answer, from C++."""

from tiny._native import answer

__all__ = ["answer"]
