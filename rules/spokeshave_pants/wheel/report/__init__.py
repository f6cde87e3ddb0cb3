"""The reports of a run of `package`: a table, JSON and a page."""
