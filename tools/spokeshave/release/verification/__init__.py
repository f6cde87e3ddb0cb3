"""Whether an index is what its records make it: `spokeshave index verify`."""
