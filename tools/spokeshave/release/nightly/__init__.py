"""A nightly release in one command: is there anything new, which commit, which version, and all steps after."""
