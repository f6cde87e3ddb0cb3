"""Mach-O files (macOS): read into types, edited, signed and fused."""
