"""The Pythons of other platforms that an emulator runs here, and the manifest that lists them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spokeshave.errors import Problem, SpokeshaveError
from spokeshave.report import Json, write_report

MANIFEST = "manifest.json"
_FORMAT = 1


class InvalidManifestError(SpokeshaveError):
    """A file that is not a manifest of foreign Pythons."""


@dataclass(frozen=True)
class Origin:
    """The origin of an installed file: a package's name and version, and the sha256 of the download."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class ForeignPython:
    """A Python of another platform, and the way to start it here. Without a launcher it starts by itself.

    Attributes:
        system: `glibc`, `musl` or `Windows`.
        system_version: The C library's version on Linux.
        architecture: The architecture in wheel tags.
        launcher: The emulator with its options.
        argv0: The options that set the name under which the program believes to be started, if there are such options.
    """

    name: str
    system: str
    system_version: str
    architecture: str
    version: str
    emulator: str
    launcher: tuple[str, ...]
    executable: str
    argv0: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    origins: tuple[Origin, ...] = ()

    @property
    def is_windows(self) -> bool:
        """Return whether paths, scripts and environments are those of Windows."""
        return self.system == "Windows"

    @property
    def command(self) -> tuple[str, ...]:
        """Return the command that starts the interpreter, without arguments of its own."""
        return (*self.launcher, self.executable)

    @property
    def platform(self) -> str:
        """Return the platform in words: `Linux aarch64, glibc 2.41`."""
        if self.is_windows:
            return f"Windows {self.architecture}"
        return f"Linux {self.architecture}, {self.system} {self.system_version}"

    def runs(self, platform: str) -> bool:
        """Return whether its system and architecture match a wheel's platform tags (joined by dots), with any floor."""
        families = {"glibc": ("manylinux", "linux"), "musl": ("musllinux",), "Windows": ("win",)}[self.system]
        tags = platform.split(".")
        return any(tag.startswith(families) and tag.endswith(f"_{self.architecture}") for tag in tags)

    def guest_path(self, path: Path | str) -> str:
        """Return the interpreter's path for a file of this machine."""
        return "Z:" + str(path).replace("/", "\\") if self.is_windows else str(path)

    def host_path(self, path: str) -> Path:
        """Return the file of this machine for a path of the interpreter."""
        if self.is_windows and path[:2].lower() == "z:":
            return _in_any_case(Path(path[2:].replace("\\", "/")))
        return Path(path)

    def missing(self) -> str | None:
        """Return the first missing program that it needs, or None."""
        programs = [self.executable, *self.launcher[:1]]
        return next((program for program in programs if not Path(program).is_file()), None)

    def as_json(self) -> dict[str, Json]:
        """Return the Python for the manifest."""
        return {
            "name": self.name,
            "system": self.system,
            "system_version": self.system_version,
            "architecture": self.architecture,
            "version": self.version,
            "emulator": self.emulator,
            "launcher": list(self.launcher),
            "argv0": list(self.argv0),
            "executable": self.executable,
            "variables": dict(self.variables),
            "origins": [[origin.name, origin.version, origin.sha256] for origin in self.origins],
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any], place: str) -> ForeignPython:
        """Parse the result of `as_json`.

        Raises:
            InvalidManifestError: For any other value.
        """
        try:
            return cls(
                **{key: str(facts[key]) for key in ("name", "system", "system_version", "architecture", "version")},
                emulator=str(facts["emulator"]),
                launcher=tuple(map(str, facts["launcher"])),
                executable=str(facts["executable"]),
                argv0=tuple(map(str, facts["argv0"])),
                variables={str(key): str(value) for key, value in facts["variables"].items()},
                origins=tuple(Origin(*map(str, origin)) for origin in facts["origins"]),
            )
        except (KeyError, TypeError, AttributeError) as err:
            raise _invalid(place, f"has no foreign Python in it ({err!r})") from err


def _in_any_case(path: Path) -> Path:
    """Return the file that Windows would find by a name: one in other letter case if there is none in this."""
    if path.exists() or path == path.parent:
        return path
    folder = _in_any_case(path.parent)
    names = (entry.name for entry in folder.iterdir()) if folder.is_dir() else ()
    return folder / next((name for name in names if name.lower() == path.name.lower()), path.name)


def remedy_for(platform: str) -> str:
    """Return how wheels of a platform (tags joined by dots) can be smoke-tested if no available Python can."""
    tag = platform.split(".")[0]
    if tag.startswith(("manylinux", "musllinux", "linux", "win")):
        return f"`spokeshave emulation --platform {tag}` sets up an emulated one, if one is available"
    return "It cannot be emulated here: run `spokeshave smoke-test` on such a machine"


def read_foreign_python(file: Path) -> ForeignPython:
    """Read one Python from a file of its own.

    Raises:
        InvalidManifestError: If the file is invalid.
    """
    return ForeignPython.from_json(_read(file), str(file))


def read_manifest(folder: Path) -> list[ForeignPython]:
    """Return the Pythons that are set up in a directory. Empty if there are none.

    Raises:
        InvalidManifestError: If the manifest is invalid.
    """
    file = folder / MANIFEST
    if not file.is_file():
        return []
    facts = _read(file)
    if facts.get("format") != _FORMAT or not isinstance(facts.get("pythons"), list):
        raise _invalid(str(file), f"is not a manifest of format {_FORMAT}")
    return [ForeignPython.from_json(python, str(file)) for python in facts["pythons"]]


def write_manifest(folder: Path, pythons: Iterable[ForeignPython]) -> None:
    """Write the list, sorted by name, atomically."""
    listed = [python.as_json() for python in sorted(pythons, key=lambda python: python.name)]
    write_report(folder / MANIFEST, {"format": _FORMAT, "pythons": listed})


def _read(file: Path) -> dict[str, Any]:
    try:
        facts = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as err:
        raise _invalid(str(file), f"cannot be read ({err})") from err
    if not isinstance(facts, dict):
        raise _invalid(str(file), "is not a JSON object")
    return facts


def _invalid(place: str, message: str) -> InvalidManifestError:
    return InvalidManifestError(Problem(place, message, "Set it up again: `spokeshave emulation` writes it."))
