"""Releases: sets of wheels that are sealed, checked, published and promoted as one."""
