"""Checks of one wheel or sdist on its own: what PyPI or an installer would refuse. They need no network."""
