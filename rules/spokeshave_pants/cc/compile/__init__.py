"""Compile actions: the command line and the inputs of one compile."""
