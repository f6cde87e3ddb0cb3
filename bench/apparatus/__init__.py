"""Shared parts of the measurements: projects, runners, servers and logs."""
