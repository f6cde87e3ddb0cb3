"""The command `spokeshave stamp`: write a version into a finished wheel."""
