"""Versions computed across a release."""
