"""The path of a header below an include directory. Works without the engine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable


def path_below(path: str, include_roots: Iterable[str], source_root: str) -> str:
    """Return the path by which sources include a header.

    Args:
        path: The path in the repository.
        include_roots: The include directories of the header's target. The deepest one that contains the header counts.
        source_root: The include directory of all other headers.
    """
    containing = [root for root in include_roots if _is_below(path, root)]
    root = max(containing, key=len, default=source_root)
    return path if root == "." else posixpath.relpath(path, root)


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")
