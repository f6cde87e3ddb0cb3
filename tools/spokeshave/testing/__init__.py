"""Fixtures of the unit tests: indexes, native files, wheels and emulated Pythons."""
