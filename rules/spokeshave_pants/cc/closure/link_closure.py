"""What is linked: the targets that includes and dependencies pull in, decided without the engine."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address

from spokeshave_pants.cc.compile.command import ASSEMBLER_EXTENSIONS, PACKAGES_DIR, object_path
from spokeshave_pants.cc.includes.search import Stranger
from spokeshave_pants.errors import InvalidTargetError, bullet_list

SOURCE_EXTENSIONS = (".c", ".cc", ".cpp", ".cxx", *ASSEMBLER_EXTENSIONS)


def is_source(path: str) -> bool:
    """Whether a file is compiled on its own (a header is not)."""
    return path.endswith(SOURCE_EXTENSIONS)


@dataclass(frozen=True)
class LinkClosure:
    """Owners of C/C++ files, third-party packages and shared libraries that some targets reach, all sorted."""

    owners: tuple[Address, ...]
    packages: tuple[Address, ...]
    shared_libraries: tuple[Address, ...]


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
    path = posixpath.normpath(source)
    packages = f"{PACKAGES_DIR}/"
    return path[len(packages) :] if path.startswith(packages) else path


def strangers_warning(owner: str, strangers: Iterable[Stranger]) -> str:
    """What to say of headers that a target takes of targets which it does not list."""
    by_target: dict[str, set[str]] = defaultdict(set)
    for stranger in strangers:
        by_target[stranger.owner].add(f"{stranger.spelling} ({stranger.header})")
    listed = [f"{target}: {', '.join(sorted(headers))}" for target, headers in sorted(by_target.items())]
    return (
        f"{owner} does not list in its `dependencies` where these headers come from. Each is taken from the one target "
        f"of the repository that has a header of that name, and that target's sources are linked in:\n"
        f"{bullet_list(listed)}\n"
        f"List the target in the `dependencies` of {owner} if it is meant; exclude it there with `!` if it is not."
    )
