"""Wheels: planned, built, smoke-tested, reported and published."""
