"""Checks of what a project installs. Works without the engine."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from spokeshave_core.problems import SpokeshaveError, bullet_list


class ProjectError(SpokeshaveError):
    """A project whose own build fails, or whose files depend on where it was built."""


def check_installed(where: str, files: Iterable[str], outside: Iterable[str], exclude: Iterable[str]) -> None:
    """Check that a project installs files, and none outside of its folder.

    Args:
        outside: Absolute paths.
        exclude: The value of the field, of which absolute globs leave out such files.

    Raises:
        ProjectError: If the check fails.
    """
    globs = tuple(exclude)
    lost = [path for path in outside if not any(fnmatch.fnmatchcase(path, glob) for glob in globs)]
    if lost:
        raise ProjectError(
            f"{where} installs files outside of its own folder (CMAKE_INSTALL_PREFIX, --prefix), where nothing uses "
            f"them:\n{bullet_list(lost[:20])}\nSet the folder to a relative path by a variable in `defines` or an "
            'argument of `configure`. Leave out files that nothing needs by `exclude`, for example ["/etc/**"].'
        )
    if not any(True for _ in files):
        raise ProjectError(
            f"{where} installs no files, so nothing can use it. Check its install rules, `install_components`, "
            "`exclude` and the variables in `defines` that switch its install off."
        )


def check_leaks(where: str, leaks: tuple[str, ...], files: frozenset[str]) -> None:
    """Raise an error for binary files that contain the path of the sandbox.

    Raises:
        ProjectError: If any file does.
    """
    found = [line for line in leaks if line.partition(": ")[0] in files]
    if found:
        listed = "\n".join(f"    {line}" for line in found[:20])
        raise ProjectError(
            f"{where} installs binary files with the path of the folder that they were built in (SANDBOX below), which "
            f"differs from build to build:\n{listed}\nSet the variable of the project that writes it, or leave the "
            "files out with `exclude`."
        )
