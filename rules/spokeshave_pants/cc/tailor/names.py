"""Names of proposed targets. They are final, because other proposals refer to them in `dependencies`."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterable


class TakenNames:
    """The names of the targets of each folder: existing targets, and those that are proposed."""

    def __init__(self, taken: Iterable[tuple[str, str]]) -> None:
        self._taken = set(taken)

    def take(self, folder: str, *candidates: str) -> str:
        """Return the first free name, and take it. If no candidate is free, the last one gets a number."""
        numbered = (f"{candidates[-1]}{number}" for number in itertools.count())
        name = next(name for name in itertools.chain(candidates, numbered) if (folder, name) not in self._taken)
        self._taken.add((folder, name))
        return name


def address_spec(folder: str, name: str) -> str:
    """Return the address of a target, as `Address.spec` is."""
    return f"{folder or '//'}:{name}"


def written_address(spec: str, folder: str) -> str:
    """Return an address as the BUILD file of a folder writes it."""
    path, _, name = spec.partition(":")
    if path == (folder or "//"):
        return f":{name}"
    return path if name == posixpath.basename(path) else spec
