"""Goals for releases."""
