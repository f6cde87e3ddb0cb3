"""The names by which an installed wheel must be importable: its extension modules and its top-level packages."""

from __future__ import annotations

from spokeshave.wheel.modules import find_modules
from spokeshave.wheel.tree import WheelTree

_MODULE_SUFFIXES = (".py", ".so", ".pyd")


def import_names(tree: WheelTree) -> list[str]:
    """Return dotted names, sorted, with packages before their content."""
    extensions = {module.name for module in find_modules(tree.installed, tree.native_files)}
    return sorted({*extensions, *top_level_names(tree)})


def top_level_names(tree: WheelTree) -> set[str]:
    """Return the dotted names of the outermost packages and modules, by the names of files alone."""
    paths = [path for path in tree.installed if path.endswith(_MODULE_SUFFIXES)]
    modules = {path.partition(".")[0] for path in paths if "/" not in path and path.endswith(".py")}
    regular = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2].startswith("__init__.")}
    packages = {name for path in paths if "/" in path for name in _packages(path, regular)}
    return {name for name in modules | packages if all(part.isidentifier() for part in name.split("."))}


def _packages(path: str, regular: set[str]) -> list[str]:
    """Return the outermost regular package of a file. A namespace, without `__init__`, can be imported in any case."""
    folders = path.split("/")[:-1]
    for depth in range(1, len(folders) + 1):
        if "/".join(folders[:depth]) in regular:
            return [".".join(folders[:depth])]
    return []


def own_names(tree: WheelTree) -> set[str]:
    """Return the top-level names that are this wheel's own."""
    return {path.split("/")[0].partition(".")[0] for path in tree.installed if path.endswith(_MODULE_SUFFIXES)}
