"""Comparisons of repairs, with the tool of each system. The wheels are published ones whose repair is undone."""
