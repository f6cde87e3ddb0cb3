from unlisted.helper import answer

__all__ = ["answer"]
