"""Sets up emulators and Pythons of other platforms, for smoke tests. Standard library only: it runs before anything is
installed."""
