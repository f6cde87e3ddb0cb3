"""Compilers and linkers see their inputs and nothing else of the machine."""
