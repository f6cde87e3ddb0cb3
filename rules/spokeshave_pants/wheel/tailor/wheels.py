"""The `python_native_wheel` that `tailor` proposes next to a `pyproject.toml` whose packages have an extension."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spokeshave_pants.cc.tailor.names import written_address
from spokeshave_pants.wheel.tailor.layout import PYTHON_ENDINGS
from spokeshave_pants.wheel.tailor.modules import Project, PythonTree, is_test_folder

VERSION_MODULE = "_version"


@dataclass(frozen=True)
class ExtensionTarget:
    """An existing or proposed `python_extension`."""

    folder: str
    address: str
    module: str

    @property
    def package(self) -> str:
        """Return the module's package. Empty for a top-level module."""
        return self.module.rpartition(".")[0]


@dataclass(frozen=True)
class WheelContent:
    """The content of a proposed wheel.

    Attributes:
        package_folders: The folders of its packages.
    """

    project: Project
    extensions: tuple[ExtensionTarget, ...]
    package_folders: tuple[str, ...]


def wheel_contents(extensions: Iterable[ExtensionTarget], tree: PythonTree) -> tuple[WheelContent, ...]:
    """Return the content of each project whose packages have an extension, sorted. Those for tests do not count."""
    by_project: dict[Project, list[ExtensionTarget]] = {}
    for extension in sorted(extensions, key=lambda extension: extension.address):
        project = _project_of(extension, tree)
        if project is not None and not project.has_for_tests(extension.folder):
            by_project.setdefault(project, []).append(extension)
    return tuple(
        WheelContent(project, tuple(found), _folders(project, found, tree))
        for project, found in sorted(by_project.items(), key=lambda item: item[0].folder)
    )


def _project_of(extension: ExtensionTarget, tree: PythonTree) -> Project | None:
    """Return the project of an extension's package; if no folder has that name, that of the extension's target."""
    top = extension.module.split(".")[0] if extension.package else ""
    folders = [folder for folder, name in tree.packages.items() if name and name == extension.package]
    folders = folders or [folder for folder, name in tree.packages.items() if top and name.split(".")[0] == top]
    projects = {tree.project_of(folder) for folder in folders}
    own = tree.project_of(extension.folder)
    if not projects or own in projects:
        return own
    return projects.pop() if len(projects) == 1 else None


def _folders(project: Project, extensions: Iterable[ExtensionTarget], tree: PythonTree) -> tuple[str, ...]:
    """Return the folders of the packages with an extension, and of the package that is named like the project."""
    tops = {extension.module.split(".")[0] for extension in extensions}
    tops.add(project.name.lower().replace("-", "_").replace(".", "_"))
    return tuple(
        folder
        for folder, name in sorted(tree.packages.items())
        if name and name.split(".")[0] in tops and tree.project_of(folder) == project
    )


def version_comment(project: Project, paths: Iterable[str]) -> tuple[str, ...]:
    """Return a comment for a project whose dynamic version has no version file."""
    file = posixpath.join(project.folder, "version.json")
    if not project.has_dynamic_version or file in paths:
        return ()
    return ('# The version is dynamic: create version.json, such as {"package-version": "1.0.0.dev"}.',)


def version_module(content: WheelContent, tree: PythonTree) -> str | None:
    """Return the `version_module` field: the one `_version` that the packages import, without a source.

    Other build backends generate such a module from a dynamic version, as this one does.
    """
    packages = {tree.packages[folder] for folder in content.package_folders}
    modules = {
        found.module
        for found in tree.evidence
        if found.module.rpartition(".")[0] in packages
        and found.module.endswith(f".{VERSION_MODULE}")
        and posixpath.dirname(found.path) in content.package_folders
    }
    if not content.project.has_dynamic_version or len(modules) != 1:
        return None
    return f"{modules.pop().replace('.', '/')}.py"


def listed(addresses: Iterable[str], folder: str) -> tuple[str, ...]:
    """Return `dependencies` without repeats, those of the same BUILD file first."""
    written = dict.fromkeys(written_address(address, folder) for address in addresses)
    return tuple(sorted(written, key=lambda address: (not address.startswith(":"), address)))


def owners_in(content: WheelContent, owners: Mapping[str, str]) -> tuple[str, ...]:
    """Return the targets of the Python sources and the resources in a wheel's packages, without repeats."""
    found = (
        owner
        for path, owner in sorted(owners.items())
        if posixpath.dirname(path) in content.package_folders
        or (not path.endswith(PYTHON_ENDINGS) and any(_has_data(folder, path) for folder in content.package_folders))
    )
    return tuple(dict.fromkeys(found))


def _has_data(package: str, path: str) -> bool:
    """Return whether a file is below the folder of a package, and not in one for tests."""
    return path.startswith(f"{package}/") and not is_test_folder(path[len(package) + 1 :])
