"""The link closure of targets, computed without the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pants.engine.addresses import Address

from spokeshave_core.problems import bullet_list
from spokeshave_pants.cc.includes.search import Stranger


@dataclass(frozen=True)
class LinkClosure:
    """What targets reach: owners of C/C++ files, third-party packages, shared libraries, and projects; all sorted."""

    owners: tuple[Address, ...]
    packages: tuple[Address, ...]
    shared_libraries: tuple[Address, ...]
    projects: tuple[Address, ...] = ()


def strangers_warning(owner: str, strangers: Iterable[Stranger]) -> str:
    """Return the warning about headers that a target includes from targets it does not list."""
    by_target: dict[str, set[str]] = defaultdict(set)
    for stranger in strangers:
        by_target[stranger.owner].add(f"{stranger.spelling} ({stranger.header})")
    listed = [f"{target}: {', '.join(sorted(headers))}" for target, headers in sorted(by_target.items())]
    return (
        f"{owner} uses these headers of targets that are not in its `dependencies`. Each header is taken from the "
        f"only target of the repository that has a header of that name, and that target's sources are linked in:\n"
        f"{bullet_list(listed)}\n"
        f"List the target in the `dependencies` of {owner} if it is intended; otherwise exclude it there with `!`."
    )
