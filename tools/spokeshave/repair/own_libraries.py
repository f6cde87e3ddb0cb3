"""A wheel's own libraries, which keep their names because Python code opens them, and which other files may need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path, PurePosixPath
from posixpath import basename

from spokeshave.files import sha256_of_file
from spokeshave.linkage.library_search import find_libraries
from spokeshave.native.elf.file import ElfFile
from spokeshave.native.file import NativeFile, is_loaded_by, read_native
from spokeshave.native.macho.file import MachOFile
from spokeshave.native.pe.file import PeFile
from spokeshave.repair.graft import UnrepairableWheelError
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problems


def check_own_libraries(
    tree: WheelTree, platform: Platform, own_libraries: Sequence[str], library_dirs: Sequence[Path]
) -> None:
    """Check that paths are those of libraries, and that no two of them share a name.

    Raises:
        UnrepairableWheelError: For all paths that are not.
    """
    problems = Problems()
    libraries = {}
    for path in dict.fromkeys(own_libraries):
        native = tree.native_files.get(path)
        if native is None:
            problems.add(
                path, "is not a library in the wheel", "Give the path of a library in the wheel to --own-library."
            )
        elif not (native.is_library and is_loaded_by(native, platform)):
            message = f"is not a library that {platform.system.value} loads"
            problems.add(path, message, "Give the path of a library in the wheel to --own-library.")
        else:
            libraries[path] = library_names(path, native)
    needed = _all_needed(tree, library_dirs) if len(libraries) > 1 else set()
    for one, other in combinations(libraries, 2):
        shared = sorted(libraries[one] & libraries[other] & needed)
        if shared and sha256_of_file(tree.root / one) != sha256_of_file(tree.root / other):
            message = (
                f"has the same name as {other} ({shared[0]}), but other content; files of the wheel need this name"
            )
            problems.add(one, message, "Give each library a name of its own (its soname or install name).")
    problems.raise_if_any(UnrepairableWheelError)


def library_names(path: str, native: NativeFile) -> frozenset[str]:
    """Return the names by which other files need a library of the wheel."""
    name = PurePosixPath(path).name
    if isinstance(native, ElfFile):
        return frozenset({native.soname or name})
    if isinstance(native, MachOFile):
        return frozenset({name, *(basename(part.install_name) for part in native.slices if part.install_name)})
    return frozenset({name.lower()})


def _all_needed(tree: WheelTree, library_dirs: Sequence[Path]) -> set[str]:
    """Return the dependencies of the wheel's files, and of libraries in the given directories that these need."""
    found: set[str] = set()
    pending = [name for native in tree.native_files.values() for name in _needed(native)]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            for path in find_libraries(name, library_dirs, ignore_case=True):
                native = read_native(path, path.name)
                pending += _needed(native) if native else ()
    return found


def _needed(native: NativeFile) -> Iterable[str]:
    if isinstance(native, ElfFile):
        return native.needed
    if isinstance(native, MachOFile):
        return [basename(name) for part in native.slices for name in part.needed]
    return [name.lower() for name in native.needed] if isinstance(native, PeFile) else []
