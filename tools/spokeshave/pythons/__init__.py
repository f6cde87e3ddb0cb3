"""Python interpreters, of this machine and emulated ones, and their packages from pip."""
