"""The plan of a wheel: its contents, checked as a whole before anything is compiled."""
