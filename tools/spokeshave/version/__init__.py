"""The command `spokeshave version`: compute the version of a release."""
