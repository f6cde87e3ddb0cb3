"""The distribution of the tools has every module of the program, and the files that are read beside them."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Any

import tomli

TOOLS = Path(__file__).parents[2] / "tools"
SETUPTOOLS: dict[str, Any] = tomli.loads((TOOLS / "pyproject.toml").read_text())["tool"]["setuptools"]
# Only tests import it.
NOT_DISTRIBUTED = {"spokeshave.testing"}


def folders(*endings: str) -> set[str]:
    """Folders of the tools, and of the core that they link to, that hold files with one of these endings."""
    roots = (TOOLS / "spokeshave", (TOOLS / "spokeshave_core").resolve())
    return {
        ".".join(path.relative_to(root.parent).parts[:-1])
        for root in roots
        for path in root.rglob("*")
        if path.name.endswith(endings) and "__pycache__" not in path.parts
    }


def test_every_room_is_distributed() -> None:
    find = SETUPTOOLS["packages"]["find"]
    rooms = folders(".py")
    included = {room for room in rooms if any(fnmatch.fnmatch(room, pattern) for pattern in find["include"])}
    excluded = {room for room in included if any(fnmatch.fnmatch(room, pattern) for pattern in find["exclude"])}
    assert (rooms - included, excluded) == (set(), NOT_DISTRIBUTED)


def test_every_room_is_a_package() -> None:
    """Setuptools finds packages by it."""
    assert folders(".py") == folders("__init__.py")


def test_data_beside_modules_is_distributed() -> None:
    data = SETUPTOOLS["package-data"]
    assert {package for package in data if any(name.endswith(".txt") for name in data[package])} == folders(".txt")
    assert {package for package in data if "py.typed" in data[package]} == folders("py.typed")
