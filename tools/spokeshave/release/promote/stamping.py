"""The stamp of a wheel that is promoted, and what it leaves of a wheel without a version."""

from __future__ import annotations

import tempfile
from pathlib import Path

from spokeshave.stamp.command import StampedWheel, stamp
from spokeshave_core.wheel_name import UNSTAMPED


def stamp_promoted(wheel: Path, version: str, channel: str | None, output: Path) -> StampedWheel:
    """Write a wheel with another version and channel. Its commit and its revisions stay."""
    del channel
    return stamp(wheel, version, output)


def payload_sha256(wheel: Path) -> str:
    """Return the sha256 of a wheel without a version."""
    with tempfile.TemporaryDirectory() as folder:
        return stamp(wheel, UNSTAMPED, Path(folder)).wheel.sha256


def unstamp(wheel: Path, output: Path) -> Path:
    """Write a wheel without a version, and return its path."""
    return stamp(wheel, UNSTAMPED, output).wheel.path
