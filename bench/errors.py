"""Errors that end the benchmark early."""

from __future__ import annotations

# Pants' counters end its log.
_COUNTERS = "[INFO] Counters:"


class BenchError(Exception):
    """An error that the user has to fix, described by its text."""


class CommandError(BenchError):
    """A failed command of the benchmark, with the end of its output."""

    def __init__(self, command: str, exit_code: int, output: str) -> None:
        tail = "\n".join(output.split(_COUNTERS)[0].splitlines()[-40:])
        super().__init__(f"{command} exited with {exit_code}:\n{tail}")
