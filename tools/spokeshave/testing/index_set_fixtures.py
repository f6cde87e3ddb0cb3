"""Sets of an index for tests of decisions about them: with values that matter, and others that do not."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from spokeshave_core.release.index import IndexedSet


def indexed_set(version: str, added: str, *, name: str = "abacus", channel: str | None = "nightly") -> IndexedSet:
    """Return a complete set with one project, `NAME-runtime`.

    Args:
        added: A day, or a whole time.
    """
    return IndexedSet(
        name=name,
        version=version,
        channel=channel,
        commit=None,
        manifest_sha256=manifest_of(name, version),
        added=added if "T" in added else f"{added}T00:00:00.000000Z",
        projects=(f"{name}-runtime",),
        files=1,
        size=100,
    )


def partial(listed: IndexedSet) -> IndexedSet:
    """Return a set that is a part of its release."""
    return replace(listed, only=("*linux*",))


def yanked(listed: IndexedSet, reason: str = "") -> IndexedSet:
    """Return a set that is yanked."""
    return replace(listed, yanked=reason)


def manifest_of(name: str, version: str) -> str:
    """Return the manifest's sha256 of a set of these fixtures."""
    return hashlib.sha256(f"{name} {version}".encode()).hexdigest()
