"""The environment of `tools/release`: what the release commands import, installed once in Spokeshave's home directory.

Only a checkout has the pins. An installed `spokeshave` has these packages as its requirements. This module runs before
anything is installed, on the standard library.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from spokeshave.errors import ExitCode
from spokeshave.setup_steps import Tool, exclusive, say, step
from spokeshave_core.home import spokeshave_home
from spokeshave_core.problems import SpokeshaveError

COMMAND = "release"
_FOLDER = Path(__file__).parents[3] / "3rdparty/python"
PINS = (_FOLDER / "tools.txt", _FOLDER / "twine.txt")
_PIP = Tool(
    "The network, or pip's settings: PIP_INDEX_URL, PIP_PROXY and PIP_CERT apply. Run the command again; it continues.",
    {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
)


def environment_folder(home: Path, pins: Sequence[Path] = PINS) -> Path:
    """Return the directory of the environment. Its name depends on the pins, so that an upgrade keeps the old one."""
    return home / f"{COMMAND}-{hashlib.sha256(b''.join(file.read_bytes() for file in pins)).hexdigest()[:12]}"


def installed_python(home: Path, pins: Sequence[Path] = PINS) -> Path:
    """Return the environment's Python, creating the environment on this Python if necessary.

    Raises:
        SetUpError: If it cannot be created.
    """
    place = environment_folder(home, pins)
    python = place / "venv/bin/python"
    if not _is_ready(place, python):
        with exclusive(place, COMMAND):
            if not _is_ready(place, python):
                _install(place, python, pins)
    return python


def _is_ready(place: Path, python: Path) -> bool:
    # The environment refers to a Python of this machine, which may have been removed.
    return (place / "ready").exists() and os.access(python, os.X_OK)


def _install(place: Path, python: Path, pins: Sequence[Path]) -> None:
    say(f"preparing what the release commands import in {place} (once).", COMMAND)
    # pip's downloads from before it was killed are kept.
    (place / "ready").unlink(missing_ok=True)
    shutil.rmtree(place / "venv", ignore_errors=True)
    with step("virtual environment", COMMAND):
        _PIP.run([sys.executable, "-m", "venv", place / "venv"], place)
    with step("packages", COMMAND):
        pip = [str(python), "-m", "pip", "install", "--quiet", "--cache-dir", str(place / "downloads")]
        files = [argument for file in pins for argument in ("-r", str(file))]
        _PIP.run([*pip, "--only-binary=:all:", "--require-hashes", *files], place)
    shutil.rmtree(place / "downloads", ignore_errors=True)
    (place / "ready").touch()


def main() -> int:
    """Print the path of the environment's Python."""
    try:
        python = installed_python(spokeshave_home())
    except SpokeshaveError as err:
        say(str(err), COMMAND)
        return ExitCode.USER_ERROR
    sys.stdout.write(f"{python}\n")
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
