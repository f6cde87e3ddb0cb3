"""Set-up of emulators and Pythons of other platforms, for smoke tests.

Uses only the standard library, because it runs before anything is installed.
"""
