"""Files of a machine."""
