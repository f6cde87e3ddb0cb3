"""The Pythons of other platforms on this machine: their manifest's file, their programs, and their names for files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from spokeshave.report import write_report
from spokeshave_core.manifest import (
    MANIFEST,
    ForeignPython,
    InvalidManifestError,
    manifest_json,
    parse_foreign_python,
    parse_manifest,
)
from spokeshave_core.problems import Problem


def guest_path(python: ForeignPython, path: Path | str) -> str:
    """The name that the interpreter has for a file of this machine."""
    return "Z:" + str(path).replace("/", "\\") if python.is_windows else str(path)


def host_path(python: ForeignPython, path: str) -> Path:
    """The file of this machine that the interpreter names so."""
    if python.is_windows and path[:2].lower() == "z:":
        return _in_any_case(Path(path[2:].replace("\\", "/")))
    return Path(path)


def missing_program(python: ForeignPython) -> str | None:
    """The first of the programs behind a Python that does not exist."""
    programs = [python.executable, *python.launcher[:1]]
    return next((program for program in programs if not Path(program).is_file()), None)


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
    return parse_foreign_python(_read(file), str(file))


def read_manifest(folder: Path) -> list[ForeignPython]:
    """Return the Pythons that are set up in a directory. Empty if there are none.

    Raises:
        InvalidManifestError: If the manifest is invalid.
    """
    file = folder / MANIFEST
    return list(parse_manifest(_read(file), str(file))) if file.is_file() else []


def write_manifest(folder: Path, pythons: Iterable[ForeignPython]) -> None:
    """Write the list, sorted by name, atomically."""
    write_report(folder / MANIFEST, manifest_json(pythons))


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError) as err:
        remedy = "Set it up again: `spokeshave emulation` writes it."
        raise InvalidManifestError(Problem(str(file), f"cannot be read ({err})", remedy)) from err
