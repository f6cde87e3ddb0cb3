"""Programs that run in the environment of the other tools."""
