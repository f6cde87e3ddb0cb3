"""Smoke tests under emulators and on other machines."""
