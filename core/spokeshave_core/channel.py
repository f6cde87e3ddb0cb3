"""Release channels, and what the versions of each one name."""

from __future__ import annotations

from enum import Enum


class Channel(Enum):
    """The destination of a release."""

    DEV = "dev"
    LOCAL = "local"
    NIGHTLY = "nightly"
    RC = "rc"
    STABLE = "stable"


AT_COMMIT = (Channel.DEV, Channel.LOCAL)
"""The channels whose versions name a commit."""
DATED = (Channel.NIGHTLY, Channel.RC)
"""The channels whose versions name a date, unless a suffix takes its place."""


class VersionFormat(Enum):
    """How a version is printed: alone, or as JSON with what it was computed from."""

    TEXT = "text"
    JSON = "json"
