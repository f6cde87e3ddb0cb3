"""The folders of a repository in which generated files are found by Python. Works without the engine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping


def package_folder(module: str) -> str:
    """Return the folder of a module, such as `a/b` for `a.b._native`. Empty for a top-level module."""
    return "/".join(module.split(".")[:-1])


def top_level_name(path: str) -> str:
    """Return the name of the package or module that a path begins with."""
    return path.split("/")[0].split(".")[0]


def source_root_of(folder: str, packages: Mapping[str, Iterable[str]], regular: Iterable[str], own: str) -> str:
    """Return the source root in which Python looks for the modules of a package's folder.

    Args:
        folder: The folder, relative to a source root.
        packages: The source roots in which each folder has Python sources.
        regular: The paths of folders with an `__init__` module, from the build root.
        own: The source root of the target that files are generated for, which is the answer for an unknown folder.
    """
    regular = set(regular)
    while folder:
        roots = sorted(packages.get(folder, ()), key=lambda root: (root_path(root, folder) not in regular, root != own))
        if roots:
            return roots[0]
        folder = posixpath.dirname(folder)
    return own


def root_path(root: str, folder: str) -> str:
    """Return the path of a folder in a source root, from the build root."""
    return posixpath.normpath(posixpath.join(root, folder))


def relative_to_root(path: str, root: str) -> str:
    """Return a path relative to its source root. Empty for the root itself."""
    relative = posixpath.relpath(path or ".", root or ".")
    return "" if relative == "." else relative
