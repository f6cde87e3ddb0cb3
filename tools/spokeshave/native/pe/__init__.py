"""PE files (Windows): read into types and edited."""
