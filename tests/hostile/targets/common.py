"""What targets have in common: inputs in files, and several readers of one input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spokeshave_core.problems import SpokeshaveError

Reader = Callable[[bytes, Path], object]


def in_file(name: str, read: Callable[[Path], object]) -> Reader:
    """Return a reader of an input that is in a file of this name."""

    def reader(data: bytes, folder: Path) -> object:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return read(path)

    return reader


def as_text(read: Callable[[str], object]) -> Reader:
    """Return a reader of a text, in which bytes that are not UTF-8 are replaced, as in outputs of programs."""
    return lambda data, _: read(data.decode("utf-8", "replace"))


def each_of(*readers: Callable[[], object]) -> None:
    """Call all readers. An error of ours in one is raised when all have read.

    Raises:
        SpokeshaveError: The first of the errors.
    """
    errors = []
    for read in readers:
        try:
            read()
        except SpokeshaveError as err:
            errors.append(err)
    if errors:
        raise errors[0]
