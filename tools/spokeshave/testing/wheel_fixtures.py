"""Fixtures for small projects: trees of files, and wheels assembled from them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from spokeshave.assemble.command import Assembly, assemble
from spokeshave.wheel.writer import WrittenWheel

PYPROJECT = """
[project]
name = "Abacus.Runtime"
dynamic = ["version"]
description = "Runs tensor expressions"
requires-python = ">=3.9"
dependencies = ["numpy>=1.20; python_version >= '3.9'", "abacus-compiler"]

[project.optional-dependencies]
all = ["abacus-compiler[cli]; sys_platform == 'linux'"]

[project.scripts]
abacus-run = "abacus_runtime.cli:main"
"""

FILES = {
    "abacus_runtime/__init__.py": "from abacus_runtime._version import __version__\n",
    "abacus_runtime/cli.py": "def main() -> None:\n    print('ran')\n",
    "abacus_runtime/data/table.csv": "a,b\n" * 1000,
    "abacus_runtime/py.typed": "",
}


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write text files below a directory, which is created."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def make_wheel(
    folder: Path,
    *,
    pyproject: str = PYPROJECT,
    files: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
    pins: tuple[str, ...] = ("abacus-compiler",),
    version_module: str | None = "abacus_runtime/_version.py",
    tag: str = "py3-none-any",
    version_files: Mapping[str, str] | None = None,
) -> WrittenWheel:
    """Assemble a wheel from texts. All files are below `folder`. `version_files` are templates by paths."""
    write_tree(folder, {"pyproject.toml": pyproject})
    payload = write_tree(folder / "payload", FILES if files is None else files)
    data_folder = write_tree(folder / "data", data) if data else None
    templates = {path: f"{number}.in" for number, path in enumerate(version_files or {})}
    write_tree(folder / "templates", {templates[path]: text for path, text in (version_files or {}).items()})
    assembly = Assembly(
        pyproject=folder / "pyproject.toml",
        payload=payload,
        tag=tag,
        data=data_folder,
        pins=pins,
        version_module=version_module,
        version_files=tuple((path, folder / "templates" / file) for path, file in templates.items()),
    )
    return assemble(assembly, folder / "dist")[1]


def read_wheel(wheel: Path) -> dict[str, str]:
    """Return a wheel's files as text."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
