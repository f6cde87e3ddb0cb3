"""A wheel's own libraries: those that keep their names, as Python code opens them, and that other files may link to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path, PurePosixPath

from spokeshave.errors import Problems
from spokeshave.linkage.library_search import find_libraries
from spokeshave.native.file import is_loaded_by, read_native
from spokeshave.repair.graft import UnrepairableWheelError
from spokeshave.tags.platform import Platform
from spokeshave.wheel.archive import sha256_of_file
from spokeshave.wheel.tree import WheelTree


def check_own_libraries(
    tree: WheelTree, platform: Platform, own_libraries: Sequence[str], library_dirs: Sequence[Path]
) -> None:
    """Raise `UnrepairableWheelError` for paths that are not those of libraries, and for libraries that share a name."""
    problems = Problems()
    libraries = {}
    for path in dict.fromkeys(own_libraries):
        native = tree.native_files.get(path)
        if native is None:
            problems.add(path, "is not a library in the wheel", "Give by --own-library the path of one.")
        elif not (native.is_library and is_loaded_by(native, platform)):
            message = f"is not a library that {platform.system.value} loads"
            problems.add(path, message, "Give by --own-library the path of one.")
        else:
            libraries[path] = native.names(PurePosixPath(path).name)
    needed = _all_needed(tree, library_dirs) if len(libraries) > 1 else set()
    for one, other in combinations(libraries, 2):
        shared = sorted(libraries[one] & libraries[other] & needed)
        if shared and sha256_of_file(tree.root / one) != sha256_of_file(tree.root / other):
            message = f"is another library than {other}, but both are called {shared[0]}, which files of the wheel need"
            problems.add(one, message, "Give each library a name of its own (its soname or install name).")
    problems.raise_if_any(UnrepairableWheelError)


def _all_needed(tree: WheelTree, library_dirs: Sequence[Path]) -> set[str]:
    """The names that files of the wheel need, and those that libraries of the given folders need for them."""
    found: set[str] = set()
    pending = [name for native in tree.native_files.values() for name in native.needed_names]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            for path in find_libraries(name, library_dirs, ignore_case=True):
                native = read_native(path, path.name)
                pending += native.needed_names if native else ()
    return found
