"""For tests: the directories from which another process imports the tools."""

from __future__ import annotations

import os
from pathlib import Path

import spokeshave
import spokeshave_core

# Those of the tools and the core, and nothing that is installed.
SOURCES = os.pathsep.join(str(Path(str(package.__file__)).parents[1]) for package in (spokeshave, spokeshave_core))


def sources_and(path: str) -> str:
    """A PYTHONPATH of the tools' sources and further directories."""
    return os.pathsep.join(filter(None, (SOURCES, path)))
