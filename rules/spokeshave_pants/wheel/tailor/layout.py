"""The Python side of a repository as `tailor` sees it: packages, the targets of their files, and what they import."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping

import tomli

from spokeshave_pants.wheel.tailor.imports import imported_modules
from spokeshave_pants.wheel.tailor.modules import Evidence, Project, is_test_folder

PYTHON_ENDINGS = (".py", ".pyi")
_STUB = ".pyi"
# The files of `python_tests` and `python_test_utils` without `sources`.
_TESTS = ("test_*.py", "*_test.py", "tests.py")
_TEST_UTILS = ("conftest.py", "test_*.pyi", "*_test.pyi", "tests.pyi")
_INIT = ("__init__.py", "__init__.pyi")
# Programs for developers, which are not part of a package.
_SCRIPTS = ("setup.py", "noxfile.py", "tasks.py")


def is_test(path: str) -> bool:
    """Return whether `tailor` proposes a `python_tests` or `python_test_utils` for a file."""
    name = posixpath.basename(path)
    return any(fnmatch.fnmatchcase(name, glob) for glob in (*_TESTS, *_TEST_UTILS))


def package_folders(paths: Collection[str], source_roots: Mapping[str, str]) -> Mapping[str, str]:
    """Return the folders with Python sources that are not tests, each with its name as a package.

    Args:
        paths: All Python files.
        source_roots: The source root of each folder that has one.
    """
    sources = (path for path in paths if posixpath.basename(path) not in _SCRIPTS and not is_test(path))
    return {
        folder: package_name(folder, source_roots[folder])
        for folder in sorted(set(map(posixpath.dirname, sources)))
        if folder in source_roots and not is_test_folder(package_path(folder, source_roots[folder]))
    }


def package_path(folder: str, source_root: str) -> str:
    """Return the path of a folder in its source root. Empty for the root itself."""
    relative = posixpath.relpath(folder or ".", source_root or ".")
    return "" if relative == "." else relative


def package_name(folder: str, source_root: str) -> str:
    """Return the name of a folder as a package. Empty for a source root."""
    return package_path(folder, source_root).replace("/", ".")


def regular_packages(paths: Iterable[str], packages: Mapping[str, str]) -> frozenset[str]:
    """Return the names of packages with an `__init__.py`, or in a package that has one."""
    named = {packages.get(posixpath.dirname(path), "") for path in paths if posixpath.basename(path) in _INIT}
    roots = tuple(f"{name}." for name in named if name)
    return frozenset(name for name in packages.values() if name and f"{name}.".startswith(roots))


def find_evidence(
    names: Collection[str], texts: Iterable[tuple[str, str]], packages: Mapping[str, str], sources: Collection[str]
) -> Iterator[Evidence]:
    """Yield the modules with one of these last names that are imported, or have a stub, and that no source defines.

    Args:
        texts: The Python files with their paths.
        packages: The name of each folder as a package.
        sources: All Python files. A stub does not define a module.
    """
    defined = {module_of(path, packages) for path in sources if not path.endswith(_STUB)}
    for path, text in texts:
        found = imported_modules(text, packages.get(posixpath.dirname(path), ""))
        own = {module_of(path, packages)} if path.endswith(_STUB) else set()
        for module in sorted(found | own):
            if module.split(".")[-1] in names and module not in defined:
                yield Evidence(module, path)


def module_of(path: str, packages: Mapping[str, str]) -> str:
    """Return the module of a Python file."""
    folder, name = posixpath.split(path)
    stem = posixpath.splitext(name)[0]
    package = packages.get(folder, "")
    return package if stem == "__init__" else f"{package}.{stem}".lstrip(".")


def parse_project(path: str, content: bytes) -> Project | None:
    """Return the project of a pyproject.toml. None without a `[project]` table with a name, or if it is invalid."""
    try:
        table = tomli.loads(content.decode()).get("project")
    except (ValueError, RecursionError):
        return None
    name = table.get("name") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(name, str):
        return None
    dynamic = table.get("dynamic")
    is_dynamic = isinstance(dynamic, list) and "version" in dynamic
    return Project(folder=posixpath.dirname(path), name=name, has_dynamic_version=is_dynamic)
