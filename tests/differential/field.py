"""The tools of the field, in a virtual environment of their own, and runs of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from e2e.support.project import find_python

REPOSITORY = Path(__file__).parents[2]
_PINS = REPOSITORY / "3rdparty/python/differential.txt"
_PROGRAMS = Path(__file__).parent / "field_programs"
PYTHON = "3.13"


@dataclass(frozen=True)
class Field:
    """The environment that has the other tools, and the cache of what is downloaded and built."""

    cache: Path
    folder: Path

    @classmethod
    def prepare(cls, cache: Path) -> Field:
        """Create the environment unless it exists for the same pins."""
        folder = cache / f"tools-{hashlib.sha256(_PINS.read_bytes()).hexdigest()[:12]}"
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([find_python(PYTHON), "-m", "venv", folder], check=True)
            options = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--require-hashes"]
            subprocess.run([folder / "bin/python", "-m", "pip", "install", *options, "-r", _PINS], check=True)
            (folder / "ready").touch()
        return cls(cache, folder)

    def run(
        self, *command: str | Path, variables: Mapping[str, str] | None = None, path: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        folders = [*([str(path)] if path else []), str(self.folder / "bin"), environment["PATH"]]
        environment["PATH"] = os.pathsep.join(folders)
        return subprocess.run(
            [self.folder / "bin" / command[0], *command[1:]],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env={**environment, **(variables or {})},
        )

    def program(self, name: str, arguments: Sequence[str | Path], path: Path | None = None) -> str:
        """Run a program of `field_programs`, and return what it prints.

        Args:
            path: A folder of programs that come before those of PATH.

        Raises:
            subprocess.CalledProcessError: If it fails.
        """
        done = self.run("python", _PROGRAMS / f"{name}.py", *arguments, path=path)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, name, output=done.stdout, stderr=done.stderr)
        return done.stdout
