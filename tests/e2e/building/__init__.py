"""Building wheels."""
