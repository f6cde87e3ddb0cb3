"""Confinement: compilers and linkers see their inputs and no other files of the machine."""
