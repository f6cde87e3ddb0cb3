"""Command lines for the program that confines compilers and linkers to their inputs (`resources/confine.c`).

How much it can hide depends on the machine's kernel and is not part of any key: an action that reads only its inputs
has the same result on every machine, and an action that reads other files fails.
"""

from __future__ import annotations

from collections.abc import Iterable

CONFINE_DIR = "__confine"
PROGRAM = "confine"
CONFINE = f"{CONFINE_DIR}/{PROGRAM}"


def offline_argv(argv: Iterable[str]) -> tuple[str, ...]:
    """Return a command line that runs another one without a network. It sees all files of the machine."""
    return (CONFINE, "--by=o", "--", *argv)


def confined_argv(argv: Iterable[str], inputs: Iterable[str], dependency_file: str | None = None) -> tuple[str, ...]:
    """Return a command line that runs another one confined.

    Args:
        argv: The command line to run. Its program is a path in the working directory.
        inputs: Paths in the working directory that may be links to files outside of it.
        dependency_file: The file in which the command lists what it read. None for a command without one.
    """
    reads = (f"--reads={dependency_file}",) if dependency_file else ()
    return (CONFINE, *reads, *sorted(inputs), "--", *argv)
