"""Texts, measured by a core with a CMake build of its own."""

from measure._measure import facts, twice_the_length

__all__ = ["facts", "twice_the_length"]
