"""The CPython interpreters of this machine, and emulated ones."""
