"""The command `spokeshave intake`: a wheel of a project's own build backend, made ready for the repair."""
