"""A git repository of the project, for the backends that ask git which files an sdist has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from spokeshave.standalone.backend.build_python import BuildPython
from spokeshave.standalone.backend.project import Project
from spokeshave.standalone.backend.request import BackendError, Request, UserError

_NAMES = ("GIT_AUTHOR", "GIT_COMMITTER")
# The same commit on each machine, as its hash may be a part of the sdist.
_WHO = {
    **{f"{name}_{part}": "spokeshave" for name in _NAMES for part in ("NAME", "EMAIL")},
    **{f"{name}_DATE": "1980-01-01T00:00:00+00:00" for name in _NAMES},
}

_SETTINGS = ("init.defaultBranch=main", "core.autocrlf=false", "commit.gpgSign=false")


def commit(request: Request, project: Project, python: BuildPython, environment: Mapping[str, str]) -> None:
    """Make a repository of one commit of all files, unless the tree is that of an sdist and its backend needs none.

    The version of a checkout is not in the files that setuptools_scm reads in an sdist, so that it would be 0.

    Raises:
        UserError: If the backend needs git, and this machine has none.
        BackendError: If git failed.
    """
    if (request.source / "PKG-INFO").exists() and not project.is_meson:
        return
    git = python.tools / "git"
    if not git.exists():
        if project.is_meson:
            raise UserError(
                f"{request.where}: meson-python makes an sdist with git, which this machine does not have. Install "
                "git, or remove `sdist`."
            )
        return
    variables = {**environment, **_WHO, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for arguments in (
        ("init", "--quiet"),
        ("add", "--all", "--force", "."),
        ("commit", "--quiet", "--no-verify", "--message=The source tree"),
    ):
        done = subprocess.run(
            [str(git), *(word for setting in _SETTINGS for word in ("-c", setting)), *arguments],
            cwd=request.source,
            env=variables,
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode:
            raise BackendError
