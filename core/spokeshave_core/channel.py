"""Release channels, and whether their versions contain a commit or a date."""

from __future__ import annotations

from enum import Enum


class Channel(Enum):
    """The kind of a release, which determines the form of its version."""

    DEV = "dev"
    LOCAL = "local"
    NIGHTLY = "nightly"
    RC = "rc"
    STABLE = "stable"


AT_COMMIT = (Channel.DEV, Channel.LOCAL)
"""The channels whose versions contain a commit."""
DATED = (Channel.NIGHTLY, Channel.RC)
"""The channels whose versions contain a date, unless a suffix replaces it."""
CUSTOM = "custom"
"""What reports call the channel of a version whose suffix alone decides."""


class VersionFormat(Enum):
    """The form in which a version is printed: alone, or as JSON with its inputs."""

    TEXT = "text"
    JSON = "json"
