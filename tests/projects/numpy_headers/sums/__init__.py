from sums._native import total

__all__ = ["total"]
