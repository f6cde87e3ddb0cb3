"""A package with an extension that setuptools builds, for the stable ABI from Python 3.10 on."""
