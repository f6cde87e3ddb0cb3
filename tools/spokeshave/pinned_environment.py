"""Virtual environments of pinned packages, each created once in Spokeshave's home directory.

This module runs before anything is installed, on the standard library.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.setup_steps import Tool, exclusive, say, step

PIP = Tool(
    "The network, or pip's settings: PIP_INDEX_URL, PIP_PROXY and PIP_CERT apply. Run the command again; it continues.",
    {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
)


@dataclass(frozen=True)
class PinnedEnvironment:
    """The environment of a command.

    Attributes:
        home: Spokeshave's home directory.
        command: The command whose packages it has. Its messages begin with it.
        pins: The requirements files, with hashes.
        packages: What is installed, for messages.
        cost: How often that happens, and what it takes, for messages.
    """

    home: Path
    command: str
    pins: Sequence[Path]
    packages: str
    cost: str = "once"

    @property
    def folder(self) -> Path:
        """Return its directory. The name depends on the pins, so that an upgrade keeps the old one."""
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in self.pins)).hexdigest()
        return self.home / f"{self.command}-{digest[:12]}"

    def python(self, find_base: Callable[[], str | Path], pip_options: Sequence[str] = ()) -> Path:
        """Return its Python. The environment is created if necessary.

        Args:
            find_base: Returns the Python that it is created on.

        Raises:
            SetUpError: If it cannot be created.
        """
        folder = self.folder
        python = folder / "venv/bin/python"
        if not _is_ready(folder, python):
            with exclusive(folder, self.command):
                if not _is_ready(folder, python):
                    self._create(folder, python, find_base(), pip_options)
        return python

    def _create(self, folder: Path, python: Path, base: str | Path, pip_options: Sequence[str]) -> None:
        say(f"preparing {self.packages} in {folder} ({self.cost}).", self.command)
        # pip's downloads from before it was killed are kept.
        (folder / "ready").unlink(missing_ok=True)
        shutil.rmtree(folder / "venv", ignore_errors=True)
        with step(f"virtual environment on {base}", self.command):
            PIP.run([base, "-m", "venv", folder / "venv"], folder)
        with step(self.packages, self.command):
            pip = [
                str(python),
                "-m",
                "pip",
                "install",
                "--quiet",
                *pip_options,
                "--cache-dir",
                str(folder / "downloads"),
            ]
            files = [argument for file in self.pins for argument in ("-r", str(file))]
            PIP.run([*pip, "--only-binary=:all:", "--require-hashes", *files], folder)
        shutil.rmtree(folder / "downloads", ignore_errors=True)
        (folder / "ready").touch()


def _is_ready(folder: Path, python: Path) -> bool:
    # The environment refers to a Python of this machine, which may have been removed.
    return (folder / "ready").exists() and os.access(python, os.X_OK)
