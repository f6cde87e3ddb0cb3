"""Processes in sandboxes: their Python, their pinned packages and the tools."""
