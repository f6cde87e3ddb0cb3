"""Python interpreters, of this machine and emulated ones, and what pip installs for them."""
