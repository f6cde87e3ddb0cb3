"""A package that uses the C API of abacus-runtime."""

from downstream._native import versions

__all__ = ["versions"]
