"""What can end the benchmark before it has measured."""

from __future__ import annotations

# Pants' counters end its log.
_COUNTERS = "[INFO] Counters:"


class BenchError(Exception):
    """Something that the user has to see to; its text says what."""


class CommandError(BenchError):
    """A command of the benchmark that failed, with the end of its output."""

    def __init__(self, command: str, exit_code: int, output: str) -> None:
        tail = "\n".join(output.split(_COUNTERS)[0].splitlines()[-40:])
        super().__init__(f"{command} exited with {exit_code}:\n{tail}")
