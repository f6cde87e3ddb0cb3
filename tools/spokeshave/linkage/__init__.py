"""Linkage: the dependencies of a wheel's native files on the platform, on Python and on each other."""
