"""Nightly releases: whether there is anything new, of which commit, and everything from the build to the prune."""
