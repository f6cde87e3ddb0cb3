"""The files of a wheel, and the checks that decide which files are allowed."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import InvalidPayloadError
from spokeshave.wheel.paths import find_clashes
from spokeshave_core.problems import Problem, Problems

SCHEMES = ("data", "headers", "platlib", "purelib", "scripts")


@dataclass(frozen=True)
class PayloadFile:
    """A file of the tree: its path in the tree, with slashes, and the path of its content."""

    name: str
    source: Path
    executable: bool


def read_payload(root: Path) -> list[PayloadFile]:
    """Return the files below a directory, sorted by path, without bytecode. Links to files are followed.

    Raises:
        InvalidPayloadError: For all files that a wheel cannot contain.
    """
    problems = Problems()
    if not root.is_dir():
        raise InvalidPayloadError(
            Problem(str(root), "is not a folder", "Give the folder that holds the wheel's files.")
        )
    files = sorted(walk(root, root.resolve(), "", problems), key=lambda file: file.name)
    find_clashes((file.name for file in files), problems)
    problems.raise_if_any(InvalidPayloadError)
    return files


def check_root(files: Iterable[PayloadFile]) -> None:
    """Add a problem for directories at the wheel's root that only the assembly may create."""
    problems = Problems()
    for folder in sorted({file.name.split("/")[0] for file in files if "/" in file.name}):
        if folder.endswith((".dist-info", ".data")):
            remedy = "Remove it from the payload: metadata comes from pyproject.toml, and data files come from --data."
            problems.add(folder, "is already in the payload", remedy)
    problems.raise_if_any(InvalidPayloadError)


def check_schemes(files: Iterable[PayloadFile], root: Path) -> None:
    """Add a problem for data files outside of the installation schemes."""
    problems = Problems()
    known = ", ".join(SCHEMES)
    for file in files:
        scheme, slash, _ = file.name.partition("/")
        if not slash or scheme not in SCHEMES:
            place = f"{root / file.name}"
            problems.add(
                place, "does not belong to an installation scheme", f"Move it into one of the folders {known}."
            )
    problems.raise_if_any(InvalidPayloadError)


def walk(folder: Path, root: Path, prefix: str, problems: Problems) -> Iterator[PayloadFile]:
    """Yield the files below a directory in any order. `prefix` is its path in the wheel."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = portable_name(entry.name, f"{folder}", problems)
            if name is None or is_bytecode(name):
                continue
            path = Path(entry.path)
            if entry.is_symlink() and not is_good_link(path, root, problems):
                continue
            if entry.is_dir():
                yield from walk(path, root, f"{prefix}{name}/", problems)
            elif entry.is_file():
                yield PayloadFile(f"{prefix}{name}", path, bool(entry.stat().st_mode & 0o100))
            else:
                problems.add(str(path), "is neither a file nor a folder", "Remove it; a wheel contains only files.")


def portable_name(name: str, folder: str, problems: Problems) -> str | None:
    """Return a file's name as text, with any locale. None after adding a problem if no wheel can contain it."""
    try:
        text = os.fsencode(name).decode("utf-8")
    except UnicodeDecodeError:
        problems.add(f"{folder}/{name!a}", "has a name that is not UTF-8", "Rename it.")
        return None
    if "\\" in text or any(unicodedata.category(character) == "Cc" for character in text):
        problems.add(f"{folder}/{text!a}", "has a backslash or a control character in its name", "Rename it.")
        return None
    return text


def is_bytecode(name: str) -> bool:
    """Return whether a file or directory is an interpreter's cache and not part of the project."""
    return name == "__pycache__" or name.endswith((".pyc", ".pyo"))


def is_good_link(path: Path, root: Path, problems: Problems) -> bool:
    """Return whether a link leads to a file inside the tree. Add a problem otherwise."""
    # Path.resolve() raises for a link that leads to itself.
    target = Path(os.path.realpath(path))
    if not target.exists():
        problems.add(
            str(path), f"is a link to {path.readlink()}, which does not exist", "Add the target or remove the link."
        )
    elif os.path.commonpath([target, root]) != str(root):
        remedy = "Replace it with a copy of the file; files outside the tree are not inputs of the wheel."
        problems.add(str(path), f"is a link that leaves {root.name}", remedy)
    elif target.is_dir():
        problems.add(
            str(path), "is a link to a folder, which a wheel cannot contain", "Replace it with a copy of the folder."
        )
    else:
        return True
    return False
