"""Installation of BuildGrid in a virtual environment on CPython 3.13, created once in Spokeshave's home directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from spokeshave.pinned_environment import PIP, PinnedEnvironment
from spokeshave.setup_steps import SetUpError, Tool, say
from spokeshave_core.files.drafts import draft_folder
from spokeshave_core.home import spokeshave_home
from spokeshave_core.problems import Problem
from spokeshave_core.python_search import path_folders, python_candidates

COMMAND = "cache-server"
PINS = Path(__file__).with_name("cache-server.txt")
_UV_PINS = Path(__file__).with_name("uv.txt")
# BuildGrid 0.9 requires 3.13. The pins were made for it.
_VERSION = "3.13"
# A pyenv shim may exist and fail, Debian's Python may lack venv, and free-threaded builds have no wheels.
_FIT = """
import ensurepip, ssl, sys, sysconfig, venv
fit = sys.implementation.name == "cpython" and sys.version_info[:2] == (3, 13)
sys.exit(not fit or bool(sysconfig.get_config_var("Py_GIL_DISABLED")))
"""
_NO_PYTHON = f"""BuildGrid runs on CPython {_VERSION}. Install one, with its venv module, so that python{_VERSION} is
    on PATH (pyenv install {_VERSION}; uv python install {_VERSION}; apt install python{_VERSION}-venv;
    dnf install python{_VERSION}; brew install python@{_VERSION}) and run the command again."""


def environment(home: Path) -> PinnedEnvironment:
    """Return BuildGrid's environment, which may not exist yet."""
    return PinnedEnvironment(
        home=home,
        command=COMMAND,
        pins=[PINS],
        packages="BuildGrid and its libraries",
        cost="once; about 20 s, 40 MB from PyPI, 150 MB on disk",
    )


def installed_python(home: Path | None = None) -> Path:
    """Return the Python of BuildGrid's environment, creating it if necessary.

    Raises:
        SetUpError: If it cannot be created.
    """
    home = home or spokeshave_home()
    return environment(home).python(lambda: find_python(home) or _python_by_uv(home), ["--no-compile"])


def find_python(home: Path, variables: Mapping[str, str] = os.environ) -> Path | None:
    """Return a CPython that BuildGrid runs on: on PATH, from pyenv, or one that uv installed before."""
    return next((path for path in _candidates(home, variables) if _fits(path)), None)


def _candidates(home: Path, variables: Mapping[str, str]) -> Iterator[Path]:
    yield from python_candidates(_VERSION, variables)
    # A container's, or that of an environment, may have no name with its version.
    for name in ("python3", "python"):
        for folder in path_folders(variables):
            yield Path(folder, name)
    yield from _by_uv(home)


def _by_uv(home: Path) -> list[Path]:
    return sorted((home / "python").glob(f"*/bin/python{_VERSION}"))


def _fits(python: Path) -> bool:
    if not os.access(python, os.X_OK):
        return False
    try:
        done = subprocess.run([python, "-I", "-c", _FIT], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _python_by_uv(home: Path) -> Path:
    """Install a standalone CPython with uv, next to the launcher's. uv locks that directory itself."""
    say(f"found no CPython {_VERSION} on PATH or under pyenv; trying to install one with uv.", COMMAND)
    home.mkdir(parents=True, exist_ok=True)
    with draft_folder(home / "uv") as work:
        uv = shutil.which("uv") or _fetched_uv(work)
        where = {"UV_PYTHON_INSTALL_DIR": str(home / "python"), "UV_CACHE_DIR": f"{work}/cache"}
        Tool(_NO_PYTHON, {**where, "UV_PYTHON_INSTALL_BIN": "0"}).run([uv, "python", "install", _VERSION], home)
    found = next(filter(_fits, _by_uv(home)), None)
    if found is None:
        message = f"found no CPython {_VERSION}, and uv could not install one that works"
        raise SetUpError(Problem(COMMAND, message, _NO_PYTHON))
    return found


def _fetched_uv(work: Path) -> str:
    PIP.run([sys.executable, "-m", "venv", work / "venv"], work)
    pip = [str(work / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--only-binary=:all:"]
    PIP.run([*pip, "--require-hashes", "-r", _UV_PINS], work)
    return str(work / "venv/bin/uv")
