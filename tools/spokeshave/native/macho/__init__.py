"""Mach-O files (macOS): parsed into types, edited, signed and fused."""
