"""The stamp of wheels that are promoted, and what is left of a wheel without a version."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from spokeshave.stamp.source import read_version_facts
from spokeshave.stamp.stamping import StampedWheel, stamp
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS


def stamp_promoted(
    wheel: Path, version: str, channel: str | None, output: Path, siblings: Collection[str]
) -> StampedWheel:
    """Write a wheel with another version and channel. Its commit and its revisions stay.

    Args:
        channel: None keeps the wheel's own.
        siblings: The normalized names of the projects of the set, whose pins follow.
    """
    facts = read_version_facts(wheel)
    changed = replace(facts, version=version, channel=channel or facts.channel)
    return stamp(wheel, changed, output, siblings)


def unstamp(wheel: Path, output: Path, siblings: Collection[str]) -> Path:
    """Write a wheel without a version or other facts, and return its path."""
    return stamp(wheel, UNSTAMPED_FACTS, output, siblings).wheel.path
