"""Python interpreters that wheels are smoke-tested on: their properties, and the wheels that they accept."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import packaging

from spokeshave.processes import ProcessResult, run_process
from spokeshave.pythons.foreign import guest_path, missing_program
from spokeshave.pythons.wine_prefix import guest_variables
from spokeshave_core.json_values import parse_any
from spokeshave_core.manifest import ForeignPython
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.python_abi import PythonVersion
from spokeshave_core.python_search import path_folders
from spokeshave_core.wheel_name import WheelTag

_TIMEOUT = 60
_NAME = re.compile(r"(python|pypy)3?(\.\d+t?)?(\.exe)?")
# The directories of the installers of python.org and Homebrew on a Mac, which may not be in a shell's PATH.
_MAC_FOLDERS = ("/Library/Frameworks/Python.framework/Versions/*/bin", "/opt/homebrew/bin", "/usr/local/bin")
# Windows stores necessary facts about the machine in variables.
_KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "PROCESSOR_ARCHITECTURE", "TZ")

# Runs in the interpreter itself, which alone knows its tags. `packaging` may be too new for an old one.
_QUESTION = """
import json, platform, sys
facts = {"version": platform.python_version(), "implementation": platform.python_implementation()}
facts.update(executable=sys.executable, base=sys.base_prefix, tags=[], markers={})
sys.path.append(sys.argv[1])
try:
    from packaging import markers, tags
    facts["tags"] = [str(tag) for tag in tags.sys_tags()]
    facts["markers"] = markers.default_environment()
except Exception as error:
    facts["fault"] = "%s: %s" % (type(error).__name__, error)
print(json.dumps(facts))
"""


_HOMES = ("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP")


class InterpreterError(SpokeshaveError):
    """A path that is not a working Python interpreter."""


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter, with the wheel tags that it accepts and the values of its environment markers.

    Attributes:
        foreign: How to start it, if it is for another platform.
    """

    path: Path
    version: str
    implementation: str
    executable: Path
    base: str
    tags: frozenset[str]
    markers: Mapping[str, str]
    foreign: ForeignPython | None = None

    def __str__(self) -> str:
        name = f"{self.implementation} {self.version}"
        return f"{name} under {self.foreign.emulator}" if self.foreign else name

    @property
    def is_free_threaded(self) -> bool:
        """Return whether it has no global lock (PEP 703) and therefore ABIs of its own: `cp313t`."""
        return any(re.match(r"cp\d+-cp\d+t-", tag) for tag in self.tags)

    @property
    def release(self) -> PythonVersion:
        """Return the feature release, such as 3.13 or 3.13t."""
        return PythonVersion(int(self.version.split(".")[1]), self.is_free_threaded)

    def fits(self, tag: WheelTag) -> bool:
        """Return whether a wheel of this tag can be installed."""
        return not self.tags.isdisjoint(tag.expand())

    def misfit(self, tag: WheelTag) -> str:
        """Return why a wheel of this tag cannot be installed."""
        if not self.tags:
            return f"the wheel is for {tag.python}-{tag.abi}, and {self} is too old to report its compatible tags"
        abis = {own.rpartition("-")[0] for own in self.tags}
        if abis.isdisjoint(wanted.rpartition("-")[0] for wanted in tag.expand()):
            return f"the wheel is for {tag.python}-{tag.abi}, which {self} does not support"
        platforms = sorted({own.rpartition("-")[2] for own in self.tags} - {"any"})
        newest = max(platforms, key=_libc_version, default="any")
        where = "" if self.foreign else " on this machine"
        older = " and older" if _libc_version(newest) != (0, 0) else ""
        return f"the wheel is for {tag.platform}; {self}{where} supports {newest}{older}"


def _libc_version(platform: str) -> tuple[int, int]:
    match = re.search(r"linux_(\d+)_(\d+)_", platform)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def inspect(path: Path) -> Interpreter:
    """Query the properties of an interpreter.

    Raises:
        InterpreterError: If it does not work.
    """
    if not path.is_file() or not os.access(path, os.X_OK):
        raise InterpreterError(
            Problem(str(path), "is not an interpreter: the program does not exist", "Give a Python's path.")
        )
    # The path is not resolved, because the Python of a virtual environment would become another one.
    return _ask((str(path.absolute()),), path.absolute(), None)


def inspect_foreign(foreign: ForeignPython) -> Interpreter:
    """Query the properties of a Python of another platform.

    Raises:
        InterpreterError: If it or its emulator does not work.
    """
    missing = missing_program(foreign)
    if missing is not None:
        message = f"cannot be started: {missing} does not exist"
        raise InterpreterError(Problem(foreign.name, message, "Set it up again with `spokeshave emulation`."))
    return _ask(foreign.command, Path(foreign.executable), foreign)


def _ask(command: tuple[str, ...], path: Path, foreign: ForeignPython | None) -> Interpreter:
    library = str(Path(str(packaging.__file__)).parent.parent)
    with tempfile.TemporaryDirectory(prefix="spokeshave-ask-") as folder:
        named = guest_path(foreign, library) if foreign else library
        own = guest_variables(foreign, Path(folder)) if foreign else {}
        result = run_process(
            [*command, "-I", "-S", "-B", "-c", _QUESTION, named],
            {**clean_environment(Path(folder)), **own},
            Path(folder),
            _TIMEOUT,
            piped=foreign is not None and foreign.is_windows,
        )
    facts = _answer(result)
    if foreign and facts and facts["version"] != foreign.version:
        message = f"is {facts['version']} now, but the setup recorded {foreign.version}"
        raise InterpreterError(Problem(foreign.name, message, "Set it up again with `spokeshave emulation --again`."))
    if facts is None:
        if foreign:
            message = f"does not start under {foreign.emulator}: it {result.describe_exit()}\n{result.last_lines(3)}"
            remedy = "Set it up again with `spokeshave emulation --again`; if it still fails, the emulator is faulty."
            raise InterpreterError(Problem(foreign.name, message.rstrip(), remedy))
        message = f"is not a working Python interpreter: it {result.describe_exit()}\n{result.last_lines(3)}"
        raise InterpreterError(Problem(str(path), message.rstrip(), "Give the path of a working Python."))
    return Interpreter(
        path=path,
        version=str(facts["version"]),
        implementation=str(facts["implementation"]),
        executable=Path(str(facts["executable"])),
        base=str(facts["base"]),
        tags=frozenset(facts["tags"]),
        markers=dict(facts["markers"]),
        foreign=foreign,
    )


def _answer(result: ProcessResult) -> dict[str, Any] | None:
    try:
        facts = parse_any(result.output.strip().splitlines()[-1]) if result.ok else None
    except (ValueError, IndexError):
        return None
    return facts if isinstance(facts, dict) and "version" in facts else None


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment without the caller's settings: no PYTHON*, no PIP_*, another home directory."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    fixed = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1"}
    return {**kept, **fixed, **dict.fromkeys(_HOMES, str(home))}


def find_on_path() -> list[Interpreter]:
    """Return the working interpreters, without duplicates: on PATH in its order, then in installers' directories.

    Shims that start no Python are skipped.
    """
    found: dict[tuple[str, str], Interpreter] = {}
    for path in _candidates():
        try:
            interpreter = inspect(path)
        except InterpreterError:
            continue
        # A shim may start different Pythons depending on its directory. The result for this one does not change.
        found.setdefault((interpreter.base, interpreter.version), replace(interpreter, path=interpreter.executable))
    return list(found.values())


def _candidates() -> Iterator[Path]:
    for folder in dict.fromkeys([*path_folders(os.environ), *_installed_folders()]):
        try:
            files = sorted(Path(folder).iterdir())
        except OSError:
            continue
        yield from (file for file in files if _NAME.fullmatch(file.name))


def _installed_folders() -> list[str]:
    if sys.platform == "darwin":
        return [folder for pattern in _MAC_FOLDERS for folder in sorted(glob.glob(pattern))]  # noqa: PTH207 (from the root)
    if sys.platform == "win32":
        # The launcher knows the Pythons of python.org's installer and the store in any directory.
        launcher = shutil.which("py")
        listed = subprocess.run([launcher, "-0p"], capture_output=True, text=True, check=False) if launcher else None
        paths = re.findall(r"[A-Za-z]:\\[^\r\n]*\.exe", listed.stdout) if listed else []
        return [str(Path(path).parent) for path in paths]
    return []
