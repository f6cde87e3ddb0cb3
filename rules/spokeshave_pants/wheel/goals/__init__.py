"""Goals for wheels."""
