"""Installation of BuildGrid in a virtual environment on CPython 3.13, created once in Spokeshave's home directory."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from spokeshave.setup_steps import SetUpError, Tool, exclusive, say, step
from spokeshave_core.home import spokeshave_home
from spokeshave_core.problems import Problem

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
_PIP = Tool(
    "The network, or pip's settings: PIP_INDEX_URL, PIP_PROXY and PIP_CERT apply. Run the command again; it continues.",
    {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
)
_NO_PYTHON = f"""BuildGrid runs on CPython {_VERSION}. Install one, with its venv module, so that python{_VERSION} is
    on PATH (pyenv install {_VERSION}; uv python install {_VERSION}; apt install python{_VERSION}-venv;
    dnf install python{_VERSION}; brew install python@{_VERSION}) and run the command again."""


def environment_folder(home: Path) -> Path:
    """Return the directory of the environment. Its name depends on the pins, so that an upgrade keeps the old one."""
    return home / f"{COMMAND}-{hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]}"


def installed_python(home: Path | None = None) -> Path:
    """Return the Python of BuildGrid's environment, creating it if necessary.

    Raises:
        SetUpError: If it cannot be created.
    """
    home = home or spokeshave_home()
    place = environment_folder(home)
    python = place / "venv/bin/python"
    if not _ready(place, python):
        with exclusive(place, COMMAND):
            if not _ready(place, python):
                _install(place, python, home)
    return python


def _ready(place: Path, python: Path) -> bool:
    # The environment refers to a Python of this machine, which may have been removed.
    return (place / "ready").exists() and os.access(python, os.X_OK)


def _install(place: Path, python: Path, home: Path) -> None:
    base = find_python(home) or _python_by_uv(home)
    say(f"preparing BuildGrid in {place} (once; about 20 s, 40 MB from PyPI, 150 MB on disk).", COMMAND)
    # pip's downloads from before it was killed are kept.
    (place / "ready").unlink(missing_ok=True)
    shutil.rmtree(place / "venv", ignore_errors=True)
    with step(f"virtual environment on {base}", COMMAND):
        _PIP.run([base, "-m", "venv", place / "venv"], place)
    with step("BuildGrid and its libraries", COMMAND):
        pip = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", "--cache-dir", str(place / "downloads")]
        _PIP.run([*pip, "--only-binary=:all:", "--require-hashes", "-r", PINS], place)
    shutil.rmtree(place / "downloads", ignore_errors=True)
    (place / "ready").touch()


def find_python(home: Path, variables: Mapping[str, str] = os.environ) -> Path | None:
    """Return a CPython that BuildGrid runs on: on PATH, from pyenv, or one that uv installed before."""
    return next((path for path in _candidates(home, variables) if _fits(path)), None)


def _candidates(home: Path, variables: Mapping[str, str]) -> Iterator[Path]:
    for name in (f"python{_VERSION}", "python3", "python"):
        for folder in variables.get("PATH", "").split(os.pathsep):
            yield Path(folder) / name
    pyenv = Path(variables.get("PYENV_ROOT") or Path(variables.get("HOME", "")) / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{_VERSION}.*/bin/python{_VERSION}"))
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
    with tempfile.TemporaryDirectory(prefix="uv.", dir=home) as work:
        uv = shutil.which("uv") or _fetched_uv(Path(work))
        where = {"UV_PYTHON_INSTALL_DIR": str(home / "python"), "UV_CACHE_DIR": f"{work}/cache"}
        Tool(_NO_PYTHON, {**where, "UV_PYTHON_INSTALL_BIN": "0"}).run([uv, "python", "install", _VERSION], home)
    found = next(filter(_fits, _by_uv(home)), None)
    if found is None:
        message = f"found no CPython {_VERSION}, and uv could not install one that works"
        raise SetUpError(Problem(COMMAND, message, _NO_PYTHON))
    return found


def _fetched_uv(work: Path) -> str:
    _PIP.run([sys.executable, "-m", "venv", work / "venv"], work)
    pip = [str(work / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--only-binary=:all:"]
    _PIP.run([*pip, "--require-hashes", "-r", _UV_PINS], work)
    return str(work / "venv/bin/uv")
