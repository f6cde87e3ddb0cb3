"""Spokeshave's home directory for downloads, outside of every checkout, by the rules of the launcher `pants`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from spokeshave_core.problems import Problem, SpokeshaveError


class NoHomeError(SpokeshaveError):
    """No environment variable defines a home directory."""


def spokeshave_home(variables: Mapping[str, str] = os.environ, base: Path | None = None) -> Path:
    """`$SPOKESHAVE_HOME`, else `spokeshave` in `$XDG_CACHE_HOME` or `~/.cache`.

    Args:
        base: What a relative path is relative to; the working directory unless given.

    Raises:
        NoHomeError: if none of the variables is set.
    """
    base = base or Path.cwd()
    if variables.get("SPOKESHAVE_HOME"):
        return base / variables["SPOKESHAVE_HOME"]
    if variables.get("XDG_CACHE_HOME"):
        return base / variables["XDG_CACHE_HOME"] / "spokeshave"
    home = variables.get("HOME") or variables.get("USERPROFILE")
    if not home:
        message = "none of the variables SPOKESHAVE_HOME, XDG_CACHE_HOME and HOME is set, so Spokeshave has no folder"
        raise NoHomeError(Problem("environment", message, "Set one of them to a writable folder."))
    return Path(home) / ".cache" / "spokeshave"


def emulation_folder(variables: Mapping[str, str] = os.environ) -> Path:
    """Return the directory in which `spokeshave emulation` installs emulators and foreign Pythons."""
    return spokeshave_home(variables) / "emulation"
