"""Fresh virtual environments, into which wheels are installed by hash from folders and from nowhere else."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.interpreter import Interpreter, clean_environment
from spokeshave.processes import Ended, run_process
from spokeshave.requirements_file import Pin


@dataclass(frozen=True)
class VirtualEnvironment:
    """A virtual environment for one wheel on one interpreter, below a temporary folder.

    ``timeout`` is in seconds, for each process on its own.
    """

    folder: Path
    interpreter: Interpreter
    timeout: float

    @property
    def scripts(self) -> Path:
        """Where programs lie."""
        return self.folder / "environment" / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    def create(self) -> Ended:
        """Make the environment, with nothing installed."""
        return self.run([self.interpreter.path, "-I", "-m", "venv", "--without-pip", self.folder / "environment"])

    def install(self, pins: Iterable[Pin], wheels: Path) -> Ended:
        """Install exactly the pinned files, from a folder of wheels, without network, configuration or cache."""
        file = self.folder / "requirements.txt"
        file.write_text("".join(f"{pin}\n" for pin in pins), "utf-8")
        command: list[str | Path] = [sys.executable, "-I", _pip(), "--python", self.python, "--isolated"]
        command += ["--disable-pip-version-check", "--no-input", "--no-cache-dir"]
        command += ["install", "--quiet", "--no-compile", "--no-index", "--only-binary", ":all:", "--require-hashes"]
        return self.run([*command, "--no-warn-script-location", "--find-links", wheels, "-r", file])

    def run(self, command: Sequence[str | Path], cwd: Path | None = None) -> Ended:
        """Run a program with a home of its own, nothing of the caller's environment, in an empty folder."""
        home = self._empty("home")
        environment = clean_environment(home)
        environment["PATH"] = os.pathsep.join([str(self.scripts), *_system_path()])
        return run_process(command, environment, cwd or self._empty("empty"), self.timeout)

    def run_python(self, *arguments: str | Path, cwd: Path | None = None) -> Ended:
        """Run the environment's Python, isolated from PYTHON* variables, user packages and the current folder."""
        return self.run([self.python, "-I", "-B", "-X", "faulthandler", *arguments], cwd)

    def _empty(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _system_path() -> list[str]:
    return [folder for folder in ("/usr/local/bin", "/usr/bin", "/bin") if os.path.isdir(folder)]


def _pip() -> Path:
    """pip's folder: run as a program it serves any interpreter, and any way that our own libraries were put there."""
    found = importlib.util.find_spec("pip")
    assert found is not None and found.origin is not None, "pip is one of our requirements"
    return Path(found.origin).parent
