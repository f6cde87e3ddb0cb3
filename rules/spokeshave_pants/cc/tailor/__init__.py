"""Proposals of `tailor`: `cc_sources` for C and C++ files that no target owns."""
