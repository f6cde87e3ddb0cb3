"""Paths of a wheel's members, as every file system must hold them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from spokeshave_core.problems import Problems


def find_clashes(names: Iterable[str], problems: Problems) -> None:
    """Add a problem for distinct paths that are equal on a system that ignores case or Unicode form."""
    spelled: dict[str, str] = {}
    for name in sorted(names):
        parts = name.split("/")
        for end in range(1, len(parts) + 1):
            path = "/".join(parts[:end])
            key = unicodedata.normalize("NFC", path).casefold()
            other = spelled.setdefault(key, path)
            if other != path:
                message = f"differs from {other} only by case or Unicode form"
                problems.add(path, message, "Rename one of them; on Windows and macOS they are the same file.")
