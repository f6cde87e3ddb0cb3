"""The distribution of the tools has every module of the program, and the files that are read beside them."""

from __future__ import annotations

import fnmatch
from pathlib import Path
from typing import Any

import tomli

TOOLS = Path(__file__).parents[2] / "tools"
PROJECT: dict[str, Any] = tomli.loads((TOOLS / "pyproject.toml").read_text())
WHEEL: dict[str, Any] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
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


def is_excluded(path: str) -> bool:
    """Return whether a path, or a folder above it, matches a pattern of the build configuration."""
    parents = [path, *(parent.as_posix() for parent in Path(path).parents)]
    return any(fnmatch.fnmatch(name, pattern) for name in parents for pattern in WHEEL["exclude"])


def test_every_room_is_distributed() -> None:
    rooms = folders(".py")
    assert {room.split(".")[0] for room in rooms} == set(WHEEL["packages"])
    assert {room for room in rooms if is_excluded(room.replace(".", "/"))} == NOT_DISTRIBUTED


def test_every_room_is_a_package() -> None:
    """A namespace package could be split between two distributions."""
    assert folders(".py") == folders("__init__.py")


def test_data_beside_modules_is_distributed() -> None:
    data = [f"{folder.replace('.', '/')}/data" for folder in folders(".txt", "py.typed")]
    assert data
    assert [path for path in data if is_excluded(path + ".txt") or is_excluded(path + ".typed")] == []


def test_both_distributions_are_built_alike() -> None:
    plugin = tomli.loads((TOOLS.parent / "rules/pyproject.toml").read_text())
    pins = (TOOLS.parent / "3rdparty/python/build.in").read_text().splitlines()
    assert plugin["build-system"] == PROJECT["build-system"]
    assert set(PROJECT["build-system"]["requires"]) <= set(pins)
    versions = [
        TOOLS.parent / root / table["tool"]["hatch"]["version"]["path"]
        for root, table in (("rules", plugin), ("tools", PROJECT))
    ]
    assert {path.resolve() for path in versions} == {TOOLS / "spokeshave/__init__.py"}
