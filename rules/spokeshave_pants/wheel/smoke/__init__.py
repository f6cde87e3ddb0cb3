"""Smoke tests of wheels, run here or reported by other machines."""
