"""Call a project's build backend (PEP 517) in the Python that describes the target. `backend.py` starts it."""
