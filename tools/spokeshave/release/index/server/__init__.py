"""A release index by HTTP, for a trial, a test or a small network."""
