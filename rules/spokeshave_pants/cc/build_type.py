"""The build types, with cmake's names."""

from __future__ import annotations

from enum import Enum


class BuildType(Enum):
    """How sources are compiled and linked: optimized and stripped, or for a debugger."""

    RELEASE = "release"
    DEBUG = "debug"
