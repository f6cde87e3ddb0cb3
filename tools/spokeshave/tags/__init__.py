"""Wheel platforms, Python ABIs and wheel tags, parsed into types."""
