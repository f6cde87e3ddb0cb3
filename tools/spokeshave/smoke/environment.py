"""Fresh virtual environments, into which wheels are installed by hash and only from directories."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spokeshave.processes import ProcessResult, run_process
from spokeshave.pythons.interpreter import Interpreter, clean_environment
from spokeshave.pythons.pip import pip_install
from spokeshave.pythons.requirements import Pin


class Environment(Protocol):
    """A fresh environment of some interpreter. Its processes end with the call that started them."""

    @property
    def folder(self) -> Path:
        """Return its own temporary directory."""

    @property
    def interpreter(self) -> Interpreter:
        """Return the interpreter that it was created with."""

    def create(self) -> ProcessResult:
        """Create the environment, without any packages."""

    def install(self, pins: Iterable[Pin], wheels: Path) -> ProcessResult:
        """Install exactly the pinned files, only from a directory of wheels."""

    def run_script(self, name: str, *arguments: str) -> ProcessResult:
        """Run one of the environment's programs."""

    def run_python(self, *arguments: str, cwd: Path | None = None) -> ProcessResult:
        """Run the environment's Python, by default in an empty directory."""

    def named(self, path: Path) -> str:
        """Return the path of a file for the environment's interpreter."""

    def located(self, path: str) -> Path:
        """Return the file for a path of the environment's interpreter."""


@dataclass(frozen=True)
class VirtualEnvironment:
    """A virtual environment for one wheel on one interpreter, below a temporary directory.

    Attributes:
        timeout: In seconds, for each process.
    """

    folder: Path
    interpreter: Interpreter
    timeout: float

    @property
    def scripts(self) -> Path:
        """Return the directory of programs."""
        return self.folder / "environment" / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """Return the environment's interpreter."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    def create(self) -> ProcessResult:
        """Create the environment, without any packages."""
        return self._run([self.interpreter.path, "-I", "-m", "venv", "--without-pip", self.folder / "environment"])

    def install(self, pins: Iterable[Pin], wheels: Path) -> ProcessResult:
        """Install exactly the pinned files, from a directory of wheels, without network, configuration or cache."""
        file = self.folder / "requirements.txt"
        file.write_text("".join(f"{pin}\n" for pin in pins), "utf-8")
        command = [sys.executable, *pip_install("--python", self.python), "--no-compile", "--no-warn-script-location"]
        return self._run([*command, "--find-links", wheels, "-r", file])

    def run_script(self, name: str, *arguments: str) -> ProcessResult:
        """Run one of the environment's programs."""
        return self._run([self.scripts / name, *arguments])

    def run_python(self, *arguments: str, cwd: Path | None = None) -> ProcessResult:
        """Run the environment's Python, isolated from PYTHON* variables, user packages and the current directory."""
        return self._run([self.python, "-I", "-B", "-X", "faulthandler", *arguments], cwd)

    def named(self, path: Path) -> str:
        """Return the path of a file for the environment's interpreter."""
        return str(path)

    def located(self, path: str) -> Path:
        """Return the file for a path of the environment's interpreter."""
        return Path(path)

    def _run(self, command: Sequence[str | Path], cwd: Path | None = None) -> ProcessResult:
        """Run a program with its own home directory, without the caller's environment, in an empty directory."""
        home = self._empty("home")
        environment = clean_environment(home)
        environment["PATH"] = os.pathsep.join([str(self.scripts), *_system_path()])
        return run_process(command, environment, cwd or self._empty("empty"), self.timeout)

    def _empty(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _system_path() -> list[str]:
    root = os.environ.get("SYSTEMROOT", "")
    folders = (f"{root}\\System32", root) if os.name == "nt" else ("/usr/local/bin", "/usr/bin", "/bin")
    return [folder for folder in folders if Path(folder).is_dir()]
