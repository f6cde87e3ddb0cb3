from dispatch._native import call

__all__ = ["call"]
