from good._native import crash

__all__ = ["crash"]
