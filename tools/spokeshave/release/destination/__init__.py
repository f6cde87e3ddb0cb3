"""Where a release goes: indexes and folders."""
