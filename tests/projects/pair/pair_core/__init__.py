"""The first of two wheels."""

from pair_core._native import number
from pair_core._version import __version__

__all__ = ["__version__", "number"]
