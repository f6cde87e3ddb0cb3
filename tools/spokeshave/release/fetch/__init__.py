"""A release from an index, or from a folder of wheels, with every file compared with its hash."""
