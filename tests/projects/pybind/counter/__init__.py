from counter._native import Counter, checked

__all__ = ["Counter", "checked"]
