"""Comparisons of Spokeshave with the tools of the field, on files of published projects: `tests/differential/run`."""
