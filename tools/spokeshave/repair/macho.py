"""Grafting for macOS: Mach-O files, whose load commands are changed to refer to the copied libraries.

Grafted libraries are in `NAME.dylibs`, next to the packages, and referenced relative to the file that needs them
(`@loader_path`). delocate does the same with Apple's programs, which exist only on macOS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename

from spokeshave.linkage.library_search import ambiguity, find_libraries
from spokeshave.linkage.linkage import Fault
from spokeshave.linkage.macho import (
    LOADER_PATHS,
    MachOLinkage,
    is_system_library,
)
from spokeshave.linkage.search_path import search_path_fault
from spokeshave.native.macho.edit import MachOEdits, edit_macho
from spokeshave.native.macho.file import read_macho
from spokeshave.repair.graft import (
    Grafts,
    UnrepairableWheelError,
    copy_library,
    grafted_library,
    hashed_name,
)
from spokeshave.wheel.location import Location
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problem, Problems

_LIBRARY_FOLDER = ".dylibs"
_CHECKED = (
    Fault.ARCHITECTURE,
    Fault.MINIMUM_SYSTEM,
    Fault.SYMBOL_VERSION,
    Fault.MISSING_LIBRARY,
    Fault.UNDEFINED_SYMBOL,
)


@dataclass(frozen=True)
class _Sources:
    """Libraries to copy: the original path and the path in the wheel, by file name.

    Attributes:
        own: The paths of libraries that are already in the wheel.
    """

    sources: Mapping[str, Path]
    paths: Mapping[str, str]
    own: Mapping[str, str]

    def path(self, name: str) -> str | None:
        """Return the path in the wheel of the library with an install name."""
        if is_system_library(name):
            return None
        return self.own.get(basename(name)) or self.paths.get(basename(name))


def graft_macho(
    platform: Platform, tree: WheelTree, library_dirs: Sequence[Path], own_libraries: Sequence[str]
) -> Grafts:
    """Change a wheel's Mach-O files to fit a macOS platform, as `formats.graft` says."""
    linkage = MachOLinkage(tree, platform)
    outside = {file: _outside(linkage, file) for file in tree.macho_files}
    own = {name: path for path in own_libraries for name in tree.macho_files[path].names(basename(path))}
    sources = _sources(
        [name for names in outside.values() for name in names if basename(name) not in own], library_dirs
    )
    sources = {name: path for name, path in sources.items() if name not in own}
    folder = f"{tree.name.name}{_LIBRARY_FOLDER}"
    grafts = _Sources(sources, {name: f"{folder}/{hashed_name(path)}" for name, path in sources.items()}, own)
    for name, path in grafts.paths.items():
        copy_library(grafts.sources[name], tree.root / path)
    problems = Problems()
    for file, names in outside.items():
        with problems.collecting():
            edit_macho(tree.root / file, file, _edits_of_file(file, names, grafts))
    for path in grafts.paths.values():
        with problems.collecting():
            edit_macho(tree.root / path, path, _edits_of_library(path, grafts))
    libraries = tuple(grafted_library(tree, name, path) for name, path in grafts.paths.items())
    return Grafts(libraries, problems, _CHECKED)


def _outside(linkage: MachOLinkage, file: str) -> set[str]:
    """Return the libraries that a file needs and that the loader finds neither in macOS nor in the wheel."""
    return {
        name
        for part in linkage.slices(file)
        for name in part.needed
        if not is_system_library(name) and linkage.find(file, name, part.architecture) is None
    }


def _sources(names: Iterable[str], library_dirs: Sequence[Path]) -> dict[str, Path]:
    """Return the files in the given directories for libraries and their dependencies, by their file names."""
    found: dict[str, Path] = {}
    problems = Problems()
    pending = list(names)
    while pending:
        base = basename(pending.pop())
        paths = [] if base in found else find_libraries(base, library_dirs)
        problem = ambiguity(base, paths)
        if problem:
            problems.extend(UnrepairableWheelError(problem))
        if paths:
            found[base] = path = paths[0]
            pending += [name for name in read_macho(path, base).needed if not is_system_library(name)]
    problems.raise_if_any(UnrepairableWheelError)
    return dict(sorted(found.items()))


def _edits_of_file(file: str, outside: set[str], grafts: _Sources) -> MachOEdits:
    def library(name: str) -> str:
        path = grafts.path(name) if name in outside else None
        return name if path is None else _name_from(file, path)

    def install_name(name: str) -> str:
        # The path is that of the machine that linked the file. No loader uses it.
        return f"@rpath/{basename(file)}" if name.startswith("/") else name

    def rpath(entry: str) -> str | None:
        return entry if search_path_fault(entry, file, LOADER_PATHS) is None else None

    return MachOEdits(install_name, library, rpath)


def _edits_of_library(path: str, grafts: _Sources) -> MachOEdits:
    def library(name: str) -> str:
        other = grafts.path(name)
        return name if other is None else _name_from(path, other)

    # All dependencies are referenced relative to the file, so it needs no search path.
    return MachOEdits(lambda _: f"@rpath/{basename(path)}", library, lambda _: None)


def _name_from(file: str, library: str) -> str:
    """Return the name by which a file of the wheel finds a library of the wheel, once both are installed."""
    file_location = Location.of(file)
    library_location = Location.of(library)
    path = library_location.path_from(file_location.folder) if file_location and library_location else None
    if path is None:
        # Files outside of site-packages, such as scripts, have no fixed path to the libraries.
        message = f"needs {library}, which is installed below another folder"
        remedy = "Put both into packages, and start a program by a console script, or link the library statically."
        raise UnrepairableWheelError(Problem(file, message, remedy))
    return f"@loader_path/{path}"
