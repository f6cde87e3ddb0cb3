"""What grafting is for every format: libraries copied into a wheel under names that no other wheel has."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import Problems, SpokeshaveError
from spokeshave.linkage.linkage import Fault
from spokeshave.wheel.archive import sha256_of_file
from spokeshave.wheel.tree import WheelTree

_HASH_LENGTH = 8


class UnrepairableWheelError(SpokeshaveError):
    """A wheel that cannot be made to fit the platform asked for."""


@dataclass(frozen=True)
class GraftedLibrary:
    """A library that was copied into the wheel: its name outside, its path and sha256 inside."""

    name: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Grafts:
    """What grafting did to a wheel's files.

    ``problems`` kept some of them from being changed. ``checked`` are the kinds of problems that the result can have.
    """

    libraries: tuple[GraftedLibrary, ...]
    problems: Problems
    checked: tuple[Fault, ...]


def hashed_name(library: Path) -> str:
    """A library's name with its content's hash: ``libx-1a2b3c4d.so.1``; unchanged where it has that hash already.

    Loaders take a library that is loaded already for one of the same name, so wheels must not share names.
    """
    stem, _, ending = library.name.partition(".")
    short_hash = sha256_of_file(library)[0][:_HASH_LENGTH]
    return library.name if stem.endswith(f"-{short_hash}") else f"{stem}-{short_hash}.{ending}"


def copy_library(source: Path, destination: Path) -> None:
    """Copy a library's bytes; the mode of the source depends on who built it, so it is not copied."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination)
    destination.chmod(0o755)


def grafted_library(tree: WheelTree, name: str, path: str) -> GraftedLibrary:
    """What to tell of a library that lies in the wheel now."""
    return GraftedLibrary(name, path, sha256_of_file(tree.root / path)[0])
