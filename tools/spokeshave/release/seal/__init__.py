"""The command `release seal`: checks of a set of wheels, and its record."""
