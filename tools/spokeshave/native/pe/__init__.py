"""PE files (Windows): parsed into types and edited."""
