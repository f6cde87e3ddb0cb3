"""Builds of extensions and wheels for one platform and one Python ABI."""
