from plain_c._native import area

__all__ = ["area"]
