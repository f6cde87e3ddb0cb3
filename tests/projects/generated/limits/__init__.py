from limits._native import HIGHEST, LOWEST, STEP

__all__ = ["HIGHEST", "LOWEST", "STEP"]
