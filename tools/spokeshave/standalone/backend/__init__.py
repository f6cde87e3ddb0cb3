"""The program that runs a project's own build backend (PEP 517) in a sandbox. `command.py` describes it."""
