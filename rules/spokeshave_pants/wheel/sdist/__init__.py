"""Sdists: what CMake builds of the same sources, and the check that it is the same wheel."""
