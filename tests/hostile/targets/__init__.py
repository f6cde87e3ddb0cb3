"""The parsers of bytes from outside, as targets."""
