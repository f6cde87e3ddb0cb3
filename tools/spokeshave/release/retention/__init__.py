"""Which sets of an index stay, and the removal of the others: `spokeshave index prune`."""
