"""Repositories that wheels are published to."""
