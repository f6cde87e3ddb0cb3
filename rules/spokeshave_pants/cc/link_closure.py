"""What is linked: the targets that includes and dependencies pull in, decided without the engine."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address

from spokeshave_pants.cc.compile_command import ASSEMBLER_EXTENSIONS, PACKAGES_DIR, object_path
from spokeshave_pants.errors import InvalidTargetError, bullet_list

SOURCE_EXTENSIONS = (".c", ".cc", ".cpp", ".cxx", *ASSEMBLER_EXTENSIONS)


def is_source(path: str) -> bool:
    """Whether a file is compiled on its own (a header is not)."""
    return path.endswith(SOURCE_EXTENSIONS)


@dataclass(frozen=True)
class LinkClosure:
    """Owners of C/C++ files, third-party packages, shared libraries and other inputs that some targets reach.

    All sorted.
    """

    owners: tuple[Address, ...]
    packages: tuple[Address, ...]
    shared_libraries: tuple[Address, ...]
    files: tuple[Address, ...]


def check_object_names(sources: Iterable[str], *, where: str) -> None:
    """Refuse two sources whose objects would have one name.

    :raises InvalidTargetError: naming every such pair.
    """
    by_object: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        by_object[object_path(source)].append(source)
    clashes = [f"{' and '.join(group)} both compile to {name}" for name, group in by_object.items() if len(group) > 1]
    if clashes:
        raise InvalidTargetError(
            f"{where} has sources whose objects have one name:\n{bullet_list(clashes)}\n"
            "Rename one of each, or leave it out of `sources`."
        )


def display_name(source: str) -> str:
    """A source as a user knows it: third-party ones without the directory of the sandbox."""
    path, packages = posixpath.normpath(source), f"{PACKAGES_DIR}/"
    return path[len(packages) :] if path.startswith(packages) else path
