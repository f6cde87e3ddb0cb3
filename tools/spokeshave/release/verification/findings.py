"""The findings of a verification: everything that is wrong, and notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from spokeshave.errors import some
from spokeshave_core.release.verification import IndexFault, IndexFinding

ADD_AGAIN = "Add the release again with `spokeshave index add`: it replaces what is missing or damaged."
LEFTOVER = "what a command left that was killed, or that runs now; the next change of the index removes it"
REBUILD = "Run `spokeshave index rebuild`: it makes all pages again from the records."
UNFINISHED = "of a change that was interrupted, or that runs now; the next change of the index completes it"
REMOVE = "Remove it, unless something else needs it: no part of the index leads to it."


class Findings:
    """Collects findings, each one once.

    Args:
        folder: The folder of the index, below which paths are named.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._found: dict[IndexFinding, None] = {}
        self._notes: dict[str, list[str]] = defaultdict(list)

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, fault: IndexFault, path: Path, message: str, remedy: str) -> None:
        """Add one finding."""
        finding = IndexFinding(fault=fault, path=self.name(path), message=message, remedy=remedy)
        self._found[finding] = None

    def note(self, text: str, path: Path) -> None:
        """Add something that a user should know and need not fix. Paths with the same text are one note."""
        self._notes[text].append(self.name(path))

    def name(self, path: Path) -> str:
        """Return a path below the folder of the index, with slashes."""
        return path.relative_to(self._folder).as_posix() if path != self._folder else "."

    def all(self) -> tuple[IndexFinding, ...]:
        """Return the findings by path."""
        return tuple(sorted(self._found, key=lambda finding: finding.path))

    def notes(self) -> Iterator[str]:
        """Yield the notes."""
        for text, names in self._notes.items():
            yield f"{some(sorted(names))}: {text}"
