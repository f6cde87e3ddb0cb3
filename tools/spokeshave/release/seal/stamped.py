"""What the stamp left in a wheel, and the wheel without it."""

from __future__ import annotations

import json

from spokeshave.wheel.archive import ArchiveReader
from spokeshave.wheel.recipe import RECIPE
from spokeshave.wheel.version_facts import VersionFacts


def read_version_facts(reader: ArchiveReader, dist_info: str, version: str) -> VersionFacts | None:
    """Return what a wheel states about its version. None for a wheel that Spokeshave did not build."""
    path = f"{dist_info}/{RECIPE}"
    if path not in reader.members:
        return None
    facts = json.loads(reader.read(path)).get("facts", {})
    return VersionFacts(
        version=version,
        channel=facts.get("channel"),
        commit=facts.get("commit"),
        revisions=tuple(sorted(facts.get("revisions", {}).items())),
    )
