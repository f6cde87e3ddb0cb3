"""The command `spokeshave upload`: upload wheels to an index."""
