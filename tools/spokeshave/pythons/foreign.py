"""Pythons of other platforms that an emulator runs here, and the manifest that lists them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spokeshave.report import Json, write_report
from spokeshave_core.problems import Problem, SpokeshaveError

MANIFEST = "manifest.json"
_FORMAT = 1


class InvalidManifestError(SpokeshaveError):
    """A file that does not tell of foreign Pythons."""


@dataclass(frozen=True)
class Origin:
    """A file that something was made of: a package's name and version, and the sha256 of what was downloaded."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class ForeignPython:
    """A Python of another platform, and how it is started here.

    ``system`` is ``glibc``, ``musl`` or ``Windows``, ``system_version`` the C library's version on Linux, and
    ``architecture`` the one that wheel tags name. ``launcher`` is the emulator with its options; ``argv0`` are the
    options that tell it under which name the program is to believe it was started, where it has such options. Without a
    launcher the interpreter starts by itself.
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
        """Whether paths, scripts and environments are those of Windows."""
        return self.system == "Windows"

    @property
    def command(self) -> tuple[str, ...]:
        """What starts the interpreter, without arguments of its own."""
        return (*self.launcher, self.executable)

    @property
    def platform(self) -> str:
        """The platform in words: ``Linux aarch64, glibc 2.41``."""
        if self.is_windows:
            return f"Windows {self.architecture}"
        return f"Linux {self.architecture}, {self.system} {self.system_version}"

    def runs(self, platform: str) -> bool:
        """Whether a wheel's platform tags (joined by dots) are of its system and architecture, whatever the floor."""
        families = {"glibc": ("manylinux", "linux"), "musl": ("musllinux",), "Windows": ("win",)}[self.system]
        tags = platform.split(".")
        return any(tag.startswith(families) and tag.endswith(f"_{self.architecture}") for tag in tags)

    def guest_path(self, path: Path | str) -> str:
        """The name that the interpreter has for a file of this machine."""
        return "Z:" + str(path).replace("/", "\\") if self.is_windows else str(path)

    def host_path(self, path: str) -> Path:
        """The file of this machine that the interpreter names so."""
        if self.is_windows and path[:2].lower() == "z:":
            return _in_any_case(Path(path[2:].replace("\\", "/")))
        return Path(path)

    def missing(self) -> str | None:
        """The first of the programs behind it that is not there."""
        programs = [self.executable, *self.launcher[:1]]
        return next((program for program in programs if not Path(program).is_file()), None)

    def as_json(self) -> dict[str, Json]:
        """The Python as the manifest holds it."""
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
        """What `as_json` gave; raises `InvalidManifestError`."""
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
    """The file that Windows would find under a name: the same one in other letter case, where there is none in this."""
    if path.exists() or path == path.parent:
        return path
    folder = _in_any_case(path.parent)
    names = (entry.name for entry in folder.iterdir()) if folder.is_dir() else ()
    return folder / next((name for name in names if name.lower() == path.name.lower()), path.name)


def remedy_for(platform: str) -> str:
    """How wheels of a platform (tags joined by dots) can be tried where nothing at hand takes them."""
    tag = platform.split(".")[0]
    if tag.startswith(("manylinux", "musllinux", "linux", "win")):
        return f"`spokeshave emulation --platform {tag}` sets up an emulated one, where there is one"
    return "Nothing here emulates that: run `spokeshave smoke-test` on such a machine"


def read_foreign_python(file: Path) -> ForeignPython:
    """One Python, from a file of its own; raises `InvalidManifestError`."""
    return ForeignPython.from_json(_read(file), str(file))


def read_manifest(folder: Path) -> list[ForeignPython]:
    """The Pythons that were set up in a folder, none where nothing was; raises `InvalidManifestError`."""
    file = folder / MANIFEST
    if not file.is_file():
        return []
    facts = _read(file)
    if facts.get("format") != _FORMAT or not isinstance(facts.get("pythons"), list):
        raise _invalid(str(file), f"is no manifest of format {_FORMAT}")
    return [ForeignPython.from_json(python, str(file)) for python in facts["pythons"]]


def write_manifest(folder: Path, pythons: Iterable[ForeignPython]) -> None:
    """Write the list, sorted by name, in one step."""
    listed = [python.as_json() for python in sorted(pythons, key=lambda python: python.name)]
    write_report(folder / MANIFEST, {"format": _FORMAT, "pythons": listed})


def _read(file: Path) -> dict[str, Any]:
    try:
        facts = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as err:
        raise _invalid(str(file), f"cannot be read ({err})") from err
    if not isinstance(facts, dict):
        raise _invalid(str(file), "is no JSON object")
    return facts


def _invalid(place: str, message: str) -> InvalidManifestError:
    return InvalidManifestError(Problem(place, message, "Set it up again: `spokeshave emulation` writes it."))
