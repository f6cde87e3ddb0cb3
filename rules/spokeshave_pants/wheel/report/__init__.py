"""What a run of `package` reports: a table, JSON and a page."""
