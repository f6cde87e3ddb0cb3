"""Proposals of `tailor`: `python_extension` and `python_native_wheel`."""
