"""The import name of an extension module, derived from its init function and the Python code around its source."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from spokeshave_pants.cc.tailor.sources import common_depth

_TEST_FOLDERS = frozenset(("test", "tests"))


def is_test_folder(folder: str) -> bool:
    """Return whether a folder is for tests by its name, so that its sources are not part of a package."""
    return not _TEST_FOLDERS.isdisjoint(folder.split("/"))


@dataclass(frozen=True)
class Evidence:
    """A Python file that imports a module, or a stub that describes it. No Python source defines the module."""

    module: str
    path: str


@dataclass(frozen=True)
class Project:
    """A `pyproject.toml` with a `[project]` table, and the distribution's name."""

    folder: str
    name: str
    has_dynamic_version: bool = False

    def contains(self, path: str) -> bool:
        """Return whether a file or folder is inside the project's folder."""
        return not self.folder or path == self.folder or path.startswith(f"{self.folder}/")

    def has_for_tests(self, folder: str) -> bool:
        """Return whether a folder is for tests. The folders that contain the project too do not count."""
        return is_test_folder(folder[len(posixpath.commonpath((folder, self.folder))) :])


@dataclass(frozen=True)
class PythonTree:
    """The Python files of a repository.

    Attributes:
        packages: The folders with Python sources that are not tests, each with its name as a package, or empty for a
            source root.
        regular: The names of packages with an `__init__.py`, or in a package that has one.
        projects: All projects.
        evidence: The possible modules of extensions.
    """

    packages: Mapping[str, str]
    regular: frozenset[str]
    projects: tuple[Project, ...]
    evidence: tuple[Evidence, ...] = ()

    def project_of(self, path: str) -> Project | None:
        """Return the nearest project that contains a file or folder."""
        containing = [project for project in self.projects if project.contains(path)]
        return max(containing, key=lambda project: len(project.folder), default=None)

    def top_level(self, project: Project | None, folder: str = "") -> tuple[str, ...]:
        """Return the top-level packages of a project, or in no project, that are in a folder.

        Folders of scripts count only if there are no others.
        """
        inside = f"{folder}/" if folder else ""
        names = [
            name
            for path, name in self.packages.items()
            if name and self.project_of(path) == project and path.startswith(inside)
        ]
        regular = [name for name in names if name in self.regular]
        return tuple(sorted({name.split(".")[0] for name in regular or names}))


@dataclass(frozen=True)
class ModuleName:
    """The name of a module. `alternatives` are the names that are equally likely."""

    module: str
    alternatives: tuple[str, ...] = ()


def module_name(name: str, source: str, tree: PythonTree, built: Collection[str] = ()) -> ModuleName | None:
    """Return the import name of the extension whose init function is in a source.

    What imports it decides, if anything does. Otherwise it belongs to the package in whose folder the source is, or to
    the only package of the project, or without a project to the only package below the source's folder. A folder for
    tests in a package is a package of its own, and elsewhere it belongs to none.

    None if neither an import nor the folder decides, and an extension of the same last name exists: its target may
    reach the source by an include.

    Args:
        name: The module's last name, which its init function has.
        built: Modules of other extensions.
    """
    folder = posixpath.dirname(source)
    root = next((each for each in _upward(folder) if tree.packages.get(each)), folder)
    package = tree.packages.get(root, "")
    evidence = _in_scope(name, source, tree, set(built))
    if tree.packages.get(folder):
        top = package.split(".")[0]
        evidence = [found for found in evidence if found.module.split(".")[0] == top]
    if evidence:
        return _nearest(source, evidence)
    if package:
        return ModuleName(".".join((package, *_through_tests(folder[len(root) + 1 :]), name)))
    project = tree.project_of(folder)
    if project is not None and project.has_for_tests(folder):
        return ModuleName(name)
    packages = tree.top_level(project, "" if project else folder)
    expected = project.name.lower().replace("-", "_").replace(".", "_") if project else ""
    owner = packages[0] if len(packages) == 1 else next((each for each in packages if each.lower() == expected), "")
    rivals = {module.split(".")[0] for module in built if module.split(".")[-1] == name}
    if rivals.intersection([owner] if owner else packages or rivals):
        return None
    return ModuleName(f"{owner}.{name}" if owner else name)


def _through_tests(folder: str) -> tuple[str, ...]:
    """Return the parts of a path up to a folder for tests. Empty if it has none."""
    parts = folder.split("/")
    last = next((count for count, part in enumerate(parts, 1) if is_test_folder(part)), 0)
    return tuple(parts[:last])


def _upward(folder: str) -> Iterable[str]:
    """Return a folder and those that contain it."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts), -1, -1)]


def _in_scope(name: str, source: str, tree: PythonTree, built: set[str]) -> list[Evidence]:
    """Return the evidence for a module of that name: in the source's project, or anywhere if that has no packages."""
    found = [each for each in tree.evidence if each.module.split(".")[-1] == name and each.module not in built]
    project = tree.project_of(source)
    if project is None or not tree.top_level(project):
        return found
    return [each for each in found if project.contains(each.path)]


def _nearest(source: str, evidence: Iterable[Evidence]) -> ModuleName:
    depths: dict[str, int] = {}
    for each in evidence:
        depths[each.module] = max(depths.get(each.module, 0), common_depth(source, each.path))
    nearest = sorted(module for module, depth in depths.items() if depth == max(depths.values()))
    return ModuleName(nearest[0], tuple(nearest[1:]))
