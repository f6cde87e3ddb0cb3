"""Smoke tests of wheels, run here or reported from other machines."""
