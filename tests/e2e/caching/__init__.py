"""End-to-end tests of remote caches and remote execution."""
