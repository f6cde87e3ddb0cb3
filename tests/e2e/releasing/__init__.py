"""Versions, reports and uploads."""
