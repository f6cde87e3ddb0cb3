"""The Pythons that `spokeshave emulation` set up, as its manifest lists them.

An emulator runs those of other platforms. The others start by the loader of their own C library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spokeshave_core.json_values import Json, parse_any
from spokeshave_core.platform import FAMILIES, Platform, System
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.python_abi import PythonVersion

MANIFEST = "manifest.json"
"""The manifest's name in the folder of emulators."""

_FORMAT = 1
_VERSION = re.compile(r"3\.(?P<minor>\d+)(\.(?P<patch>\d+))?")
_COMPLETE_VERSION = re.compile(r"3\.\d+\.\d+")
_REMEDY = "Run `spokeshave emulation` again, or set Pants' option `[wheel-pythons].emulated` to ''."


class InvalidManifestError(SpokeshaveError):
    """A file that was not written by this version's `spokeshave emulation`."""


@dataclass(frozen=True)
class Origin:
    """The origin of an installed file: a package's name and version, and the sha256 of the download."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class ForeignPython:
    """A Python of another platform, and how it is started here.

    Attributes:
        system_version: The C library's version; empty on Windows.
        architecture: The processor in the words of wheel tags.
        version: The Python's version, such as `3.13.5`.
        emulator: The emulator's name and version.
        launcher: The emulator with its options; empty where the interpreter starts by itself.
        argv0: The emulator's options that give the program the name by which it believes it was started.
        origins: Every file that the Python and the emulator were made of.
        free_threaded: Whether it has no global lock.
    """

    name: str
    system: System
    system_version: str
    architecture: str
    version: str
    emulator: str
    launcher: tuple[str, ...]
    executable: str
    argv0: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    origins: tuple[Origin, ...] = ()
    free_threaded: bool = False

    @property
    def feature(self) -> PythonVersion:
        """The feature release, such as 3.13 or 3.13t."""
        return PythonVersion(self._numbers[0], self.free_threaded)

    @property
    def complete_version(self) -> str:
        """The complete version, such as `3.14.2`, or `3.14.2t` of the free-threaded build."""
        return f"{self.version}{'t' if self.free_threaded else ''}"

    @property
    def patch(self) -> tuple[int, int]:
        """The numbers behind the first: `(13, 5)` of 3.13.5."""
        return self._numbers

    @property
    def _numbers(self) -> tuple[int, int]:
        match = _VERSION.match(self.version)
        if match is None:
            raise ValueError(f"{self.version} is not a version of Python 3")
        return int(match["minor"]), int(match["patch"] or 0)

    @property
    def newest(self) -> tuple[int, int] | None:
        """The version of its C library, the newest floor whose wheels it runs; None on Windows."""
        match = re.match(r"(\d+)\.(\d+)", self.system_version)
        return (int(match[1]), int(match[2])) if match else None

    @property
    def is_windows(self) -> bool:
        """Return whether paths, scripts and environments are those of Windows."""
        return self.system is System.WINDOWS

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command that starts the interpreter, without arguments of its own."""
        return (*self.launcher, self.executable)

    @property
    def platform(self) -> str:
        """Return the platform in words: `Linux aarch64, glibc 2.41`."""
        if self.is_windows:
            return f"Windows {self.architecture}"
        return f"Linux {self.architecture}, {self.system.value} {self.system_version}"

    @property
    def facts(self) -> str:
        """The manifest's entry as one line, which names every package that it was made of by its hash."""
        return json.dumps(self.as_json(), sort_keys=True)

    def is_of(self, platform: Platform) -> bool:
        """Return whether it is of the platform's system and architecture, with any floor."""
        return (self.system, self.architecture) == (platform.system, platform.architecture)

    def runs(self, platform: Platform) -> bool:
        """Return whether it runs wheels of the platform."""
        return self.is_of(platform) and (platform.floor is None or self.newest is None or platform.floor <= self.newest)

    def is_of_tags(self, tags: str) -> bool:
        """Return whether one of a wheel's platform tags, joined by dots, is of its system and architecture."""
        families = (FAMILIES[self.system], *(("linux",) if self.system is System.GLIBC else ()))
        return any(tag.startswith(families) and tag.endswith(f"_{self.architecture}") for tag in tags.split("."))

    def as_json(self) -> dict[str, Json]:
        """Return the entry of the manifest."""
        return {
            "name": self.name,
            "system": self.system.value,
            "system_version": self.system_version,
            "architecture": self.architecture,
            "version": self.version,
            "free_threaded": self.free_threaded,
            "emulator": self.emulator,
            "launcher": list(self.launcher),
            "argv0": list(self.argv0),
            "executable": self.executable,
            "variables": dict(self.variables),
            "origins": [[origin.name, origin.version, origin.sha256] for origin in self.origins],
        }


def parse_foreign_python(text: str, place: str) -> ForeignPython:
    """Parse one Python from the JSON of `ForeignPython.as_json`.

    Args:
        place: The file that contains the text, for the message.

    Raises:
        InvalidManifestError: For anything else.
    """
    try:
        return _python(parse_any(text))
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise _invalid(place, "does not describe an emulated Python", err) from err


def parse_manifest(text: str, place: str) -> tuple[ForeignPython, ...]:
    """Parse the Pythons of a manifest, by version and name.

    Args:
        place: The file that contains the text, for the message.

    Raises:
        InvalidManifestError: For anything that is not a manifest.
    """
    try:
        document = parse_any(text)
        if document["format"] != _FORMAT:
            raise ValueError(f"its format is {document['format']}, not {_FORMAT}")
        pythons = [_python(entry) for entry in document["pythons"]]
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        raise _invalid(place, "does not list emulated Pythons", err) from err
    return tuple(sorted(pythons, key=lambda python: (python.feature, python.patch, python.name)))


def manifest_json(pythons: Iterable[ForeignPython]) -> dict[str, Json]:
    """Return the manifest of some Pythons, sorted by name."""
    listed = [python.as_json() for python in sorted(pythons, key=lambda python: python.name)]
    return {"format": _FORMAT, "pythons": listed}


def _python(entry: Mapping[str, Any]) -> ForeignPython:
    python = ForeignPython(
        name=str(entry["name"]),
        system=System(entry["system"]),
        system_version=str(entry["system_version"]),
        architecture=str(entry["architecture"]),
        version=str(entry["version"]),
        emulator=str(entry["emulator"]),
        launcher=tuple(map(str, entry["launcher"])),
        executable=str(entry["executable"]),
        argv0=tuple(map(str, entry["argv0"])),
        variables={str(key): str(value) for key, value in entry["variables"].items()},
        origins=tuple(Origin(*map(str, origin)) for origin in entry["origins"]),
        free_threaded=bool(entry.get("free_threaded", False)),
    )
    if not _COMPLETE_VERSION.match(python.version):
        raise ValueError(f"{python.version} is not a complete version of Python 3")
    return python


def _invalid(place: str, message: str, error: Exception) -> InvalidManifestError:
    reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return InvalidManifestError(Problem(place, f"{message} in this version's form ({reason})", _REMEDY))
