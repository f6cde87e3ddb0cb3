"""A package with an extension that setuptools builds."""
