"""Where the manifest of emulated Pythons is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from spokeshave_core.home import NoHomeError, spokeshave_home
from spokeshave_core.manifest import MANIFEST

_HOME = "<SPOKESHAVE>"


def manifest_path(folder: str, environment: Mapping[str, str], build_root: str) -> str | None:
    """The manifest in a folder as `[wheel-pythons].emulated` names it; None where there can be none."""
    if not folder:
        return None
    if _HOME in folder:
        try:
            folder = folder.replace(_HOME, str(spokeshave_home(environment, Path(build_root))))
        except NoHomeError:
            return None
    return str(Path(build_root, folder, MANIFEST))
