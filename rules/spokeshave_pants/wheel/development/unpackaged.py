"""The files that Python finds in a source tree and that no installed wheel has. Works without the engine."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from spokeshave_core.reports.develop import UnpackagedFile
from spokeshave_pants.cc.languages import is_source

_INIT = "__init__.py"
# Files of developers, which no code opens.
_NOT_DATA = (".md", ".rst", ".h", ".hh", ".hpp", ".hxx", ".inc", ".in", ".pyx", ".pxd", ".toml", ".cfg")
_OF_TESTS = ("conftest.py",)


@dataclass(frozen=True)
class Owner:
    """A target that owns a file.

    Attributes:
        is_expected: Whether files of its kind are not meant to be in a wheel: tests, and sources of native code.
    """

    address: str
    is_expected: bool


def package_folders(sources: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders of the tree from which Python imports packages of a wheel.

    Args:
        sources: The path in the tree of each file of the wheel, by its path in the wheel.
    """
    found = set()
    for path, source in sources.items():
        parts = path.split("/")[:-1]
        folders = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        # In a namespace, which has no `__init__`, folders belong to several distributions.
        package = next((folder for folder in folders if f"{folder}/{_INIT}" in sources), "/".join(parts))
        if package:
            found.add(posixpath.normpath(source[: -len(path)] + package))
    return tuple(sorted(found))


def unpackaged_files(
    files: Iterable[str], packaged: Container[str], metadata: Container[str], owners: Mapping[str, tuple[Owner, ...]]
) -> tuple[UnpackagedFile, ...]:
    """Return the files that work in the source tree only.

    Args:
        files: The files in folders of packages.
        packaged: Those that are in a developed wheel.
        metadata: Those that wheels are made from: pyproject.toml, what it names, and templates.
        owners: The targets that own each file.
    """
    found = []
    for path in sorted(files):
        own = owners.get(path, ())
        if path in packaged or path in metadata or not _is_usable(path) or any(owner.is_expected for owner in own):
            continue
        if own:
            reason = f"is not in the wheel: it does not depend on {' or '.join(owner.address for owner in own)}"
        else:
            reason = "is not in the wheel: no target owns it"
        found.append(UnpackagedFile(path, reason))
    return tuple(found)


def _is_usable(path: str) -> bool:
    """Return whether Python code could import or open a file."""
    name = posixpath.basename(path)
    is_build_file = name == "BUILD" or name.startswith("BUILD.")
    is_test = name in _OF_TESTS or name.endswith("_test.py") or (name.startswith("test_") and name.endswith(".py"))
    return not (is_build_file or is_test or name.startswith(".") or is_source(path) or path.endswith(_NOT_DATA))
