"""What the C libraries of platforms have."""
