"""Grafting for all formats: libraries copied into a wheel under names that no other wheel uses."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.linkage.linkage import Fault
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problems, SpokeshaveError
from spokeshave_core.reports.repair import GraftedLibrary

_HASH_LENGTH = 8


class UnrepairableWheelError(SpokeshaveError):
    """A wheel that cannot be made valid for the requested platform."""


@dataclass(frozen=True)
class Grafts:
    """What grafting did to a wheel's files.

    `problems` kept some of them from being changed. `checked` are the kinds of problems that the result can have.
    """

    libraries: tuple[GraftedLibrary, ...]
    problems: Problems
    checked: tuple[Fault, ...]


def hashed_name(library: Path) -> str:
    """Return a library's name with the hash of its content: `libx-1a2b3c4d.so.1`. Unchanged if it has that hash.

    Loaders use an already loaded library for another one with the same name, so wheels must not share names.
    """
    stem, _, ending = library.name.partition(".")
    short_hash = sha256_of_file(library)[0][:_HASH_LENGTH]
    return library.name if stem.endswith(f"-{short_hash}") else f"{stem}-{short_hash}.{ending}"


def copy_library(source: Path, destination: Path) -> None:
    """Copy a library's content without its mode, which depends on the building machine."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination)
    destination.chmod(0o755)


def grafted_library(tree: WheelTree, name: str, path: str) -> GraftedLibrary:
    """Return the report entry of a library in the wheel."""
    return GraftedLibrary(name, path, sha256_of_file(tree.root / path)[0])
