"""Paths inside a source tree."""

from __future__ import annotations

import posixpath


def is_inside(path: str) -> bool:
    """Return whether a relative path stays inside the folder that it starts from."""
    return "\\" not in path and not posixpath.isabs(path) and posixpath.normpath(path).split("/")[0] not in ("..", "~")
