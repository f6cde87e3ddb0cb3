"""What the extension was compiled for."""

from choices._native import describe

__all__ = ["describe"]
