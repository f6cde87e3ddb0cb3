"""End-to-end tests of smoke tests under emulators and on other machines."""
