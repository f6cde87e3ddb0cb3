"""The search for libraries to graft in the user's directories. No other directories of the machine are searched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave_core.problems import Problem


def find_libraries(name: str, library_dirs: Sequence[Path], *, ignore_case: bool = False) -> list[Path]:
    """Return the files of a name in the given directories, in their order."""
    found: list[Path] = []
    for folder in library_dirs:
        if ignore_case:
            found += sorted(path for path in folder.iterdir() if path.name.lower() == name.lower())
        else:
            found.append(folder / name)
    return [path for path in found if path.is_file()]


def ambiguity(name: str, libraries: Sequence[Path]) -> Problem | None:
    """Return the problem if several different libraries have a name. None for one library or identical copies.

    A file does not contain which of them it was linked with.
    """
    if len({sha256_of_file(path)[0] for path in libraries}) < 2:
        return None
    message = (
        f"is needed, and the given folders have different libraries of that name: {', '.join(map(str, libraries))}"
    )
    return Problem(
        name, message, "Give each library a name of its own (its soname or install name) and link with that."
    )
