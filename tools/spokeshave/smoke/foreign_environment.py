"""Fresh virtual environments of Pythons that an emulator runs.

Steps that would be slow in an emulator run on this machine, as far as they prove the same: pip selects and verifies the
files for the foreign platform by its tags, and `installer` copies them to the paths that the foreign interpreter
reports. Everything that executes installed code runs in the emulator.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from installer import install as lay_out
from installer.destinations import SchemeDictionaryDestination
from installer.sources import WheelFile

from spokeshave.processes import ProcessResult, run_process
from spokeshave.pythons.foreign import guest_path, host_path
from spokeshave.pythons.interpreter import Interpreter, clean_environment
from spokeshave.pythons.pip import pip_install, platform_options
from spokeshave.pythons.requirements import Pin
from spokeshave.pythons.wine_prefix import guest_variables
from spokeshave_core.json_values import parse_any
from spokeshave_core.manifest import ForeignPython

# A query of the environment's own interpreter. Its answer also proves that the environment works.
_SCHEME = """
import json, sys, sysconfig
if sys.prefix == sys.base_prefix:
    sys.exit(f"{sys.prefix} is not a virtual environment")
print(json.dumps(sysconfig.get_paths()))
"""


@dataclass(frozen=True)
class ForeignEnvironment:
    """A virtual environment for one wheel on a foreign interpreter, below a temporary directory.

    Attributes:
        timeout: In seconds, for each process.
    """

    folder: Path
    interpreter: Interpreter
    foreign: ForeignPython
    timeout: float

    @property
    def root(self) -> Path:
        """Return the environment's directory."""
        return self.folder / "environment"

    @property
    def python(self) -> Path:
        """Return the interpreter that the environment's scripts refer to.

        On Linux it is a script that starts the emulator, so that processes which start `sys.executable` work as well.
        """
        return self.root / ("Scripts/python.exe" if self.foreign.is_windows else "bin/python")

    def create(self) -> ProcessResult:
        """Create the environment, without any packages, and query its installation paths."""
        self.python.parent.mkdir(parents=True)
        base = Path(self.foreign.executable).parent
        (self.root / "pyvenv.cfg").write_text(
            f"home = {guest_path(self.foreign, base)}\n"
            f"include-system-site-packages = false\nversion = {self.interpreter.version}\n"
        )
        if self.foreign.is_windows:
            for file in (*base.glob("*.exe"), *base.glob("*.dll")):
                shutil.copy2(file, self.python.parent)
        elif self.foreign.launcher:
            self.python.write_text(self._starter())
            self.python.chmod(0o755)
        else:
            self.python.symlink_to(self.foreign.executable)
        asked = self.run_python("-c", _SCHEME)
        self._scheme_file.write_text(asked.last_lines(1), "utf-8")
        return asked

    def _starter(self) -> str:
        launcher = " ".join(map(shlex.quote, (*self.foreign.launcher, *self.foreign.argv0)))
        return f'#!/bin/sh\nexec {launcher} "$0" {shlex.quote(self.foreign.executable)} "$@"\n'

    def install(self, pins: Iterable[Pin], wheels: Path) -> ProcessResult:
        """Install exactly the pinned files, from a directory of wheels, without network, configuration or cache."""
        start = time.monotonic()
        file = self.folder / "requirements.txt"
        report = self.folder / "pip.json"
        file.write_text("".join(f"{pin}\n" for pin in pins), "utf-8")
        chosen = self._choose(file, report, wheels)
        if not chosen.ok:
            return chosen
        fault = None
        for item in parse_any(report.read_bytes())["install"]:
            wheel = Path(unquote(urlsplit(item["download_info"]["url"]).path))
            fault = fault or self._lay_out(wheel, item["metadata"]["name"])
        return ProcessResult(1 if fault else 0, fault or "", time.monotonic() - start)

    def _choose(self, requirements: Path, report: Path, wheels: Path) -> ProcessResult:
        """Let pip select and verify the files for the foreign interpreter, without installing anything."""
        command: list[str | Path] = [sys.executable, *pip_install(), "--dry-run", "--ignore-installed", "--no-deps"]
        command += ["--report", report, "--find-links", wheels, "--target", self.folder / "target"]
        command += platform_options(self.interpreter)
        return run_process(
            [*command, "-r", requirements],
            clean_environment(self._empty("home")),
            self._empty("empty"),
            self.timeout,
        )

    def _lay_out(self, wheel: Path, name: str) -> str | None:
        """Install a wheel's files, unless they are already installed. Return the fault of the wheel, if any."""
        paths: dict[str, str] = parse_any(self._scheme_file.read_bytes())
        scheme = {key: str(host_path(self.foreign, path)) for key, path in paths.items()}
        destination = SchemeDictionaryDestination(
            {**scheme, "headers": f"{scheme['include']}/{name}"},
            interpreter=guest_path(self.foreign, self.python),
            script_kind="win-amd64" if self.foreign.is_windows else "posix",
        )
        try:
            with WheelFile.open(wheel) as source:
                if any(Path(scheme[lib], source.dist_info_dir).is_dir() for lib in ("purelib", "platlib")):
                    return None
                lay_out(source, destination, {})
        except (OSError, ValueError, KeyError) as err:
            return f"{wheel.name} cannot be installed: {err}"
        return None

    def run_script(self, name: str, *arguments: str) -> ProcessResult:
        """Run one of the environment's programs."""
        program = self.python.parent / (f"{name}.exe" if self.foreign.is_windows else name)
        return self._run([*(self.foreign.launcher if self.foreign.is_windows else ()), program, *arguments])

    def run_python(self, *arguments: str, cwd: Path | None = None) -> ProcessResult:
        """Run the environment's Python, isolated from PYTHON* variables, user packages and the current directory."""
        launcher = self.foreign.launcher if self.foreign.is_windows else ()
        return self._run([*launcher, self.python, "-I", "-B", "-X", "faulthandler", *arguments], cwd)

    def named(self, path: Path) -> str:
        """Return the path of a file for the environment's interpreter."""
        return guest_path(self.foreign, path)

    def located(self, path: str) -> Path:
        """Return the file for a path of the environment's interpreter."""
        return host_path(self.foreign, path)

    def _run(self, command: Sequence[str | Path], cwd: Path | None = None) -> ProcessResult:
        environment = {**clean_environment(self._empty("home")), **guest_variables(self.foreign, self.folder)}
        return run_process(
            command, environment, cwd or self._empty("empty"), self.timeout, piped=self.foreign.is_windows
        )

    @property
    def _scheme_file(self) -> Path:
        return self.folder / "scheme.json"

    def _empty(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
