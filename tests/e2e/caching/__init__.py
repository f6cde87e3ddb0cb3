"""Remote caches and remote execution."""
