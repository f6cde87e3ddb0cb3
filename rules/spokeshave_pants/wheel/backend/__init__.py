"""Wheels that a project's own PEP 517 backend builds."""
