"""Grafting for macOS: Mach-O files, whose load commands lead to the libraries that were copied in.

Grafted libraries lie in ``NAME.dylibs``, beside the packages, and are named from where the file that needs them lies
(``@loader_path``). delocate does the same with Apple's programs, which only macOS has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename

from spokeshave.errors import Problem, Problems
from spokeshave.linkage.elf import search_path_fault
from spokeshave.linkage.library_search import ambiguity, find_libraries
from spokeshave.linkage.linkage import Fault
from spokeshave.linkage.macho import LOADER_PATHS, MachOLinkage, is_system_library
from spokeshave.native.macho.edit import MachOEdits, edit_macho
from spokeshave.native.macho.file import read_macho
from spokeshave.repair.graft import (
    Grafts,
    UnrepairableWheelError,
    copy_library,
    grafted_library,
    hashed_name,
)
from spokeshave.tags.platform import MacPlatform
from spokeshave.wheel.location import Location
from spokeshave.wheel.tree import WheelTree

_LIBRARY_FOLDER = ".dylibs"
_CHECKED = (Fault.ARCHITECTURE, Fault.MINIMUM_SYSTEM, Fault.MISSING_LIBRARY, Fault.UNDEFINED_SYMBOL)


@dataclass(frozen=True)
class _Sources:
    """Libraries to copy: where each is outside and where it will be in the wheel, by its file name.

    ``own`` has the paths of libraries that are in the wheel already.
    """

    sources: Mapping[str, Path]
    paths: Mapping[str, str]
    own: Mapping[str, str]

    def path(self, name: str) -> str | None:
        """Where the library of an install name will be."""
        if is_system_library(name):
            return None
        return self.own.get(basename(name)) or self.paths.get(basename(name))


def graft_macho(
    platform: MacPlatform, tree: WheelTree, library_dirs: Sequence[Path], own_libraries: Sequence[str]
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
            edit_macho(tree.root / file, file, _edits_of_file(tree, file, names, grafts))
    for path in grafts.paths.values():
        with problems.collecting():
            edit_macho(tree.root / path, path, _edits_of_library(path, grafts))
    libraries = tuple(grafted_library(tree, name, path) for name, path in grafts.paths.items())
    return Grafts(libraries, problems, _CHECKED)


def _outside(linkage: MachOLinkage, file: str) -> set[str]:
    """The libraries that a file needs, and that neither macOS nor the wheel has where the loader looks."""
    return {
        name
        for part in linkage.slices(file)
        for name in part.needed
        if not is_system_library(name) and linkage.find(file, name, part.architecture) is None
    }


def _sources(names: Iterable[str], library_dirs: Sequence[Path]) -> dict[str, Path]:
    """The files of the given folders that have these libraries, and those that they need, by their file names."""
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


def _edits_of_file(tree: WheelTree, file: str, outside: set[str], grafts: _Sources) -> MachOEdits:
    def library(name: str) -> str:
        path = grafts.path(name) if name in outside else None
        return name if path is None else _name_from(file, path)

    def install_name(name: str) -> str:
        # A path is that of the machine that linked the file; no loader asks for it.
        return f"@rpath/{basename(file)}" if name.startswith("/") else name

    def rpath(entry: str) -> str | None:
        return entry if search_path_fault(entry, file, LOADER_PATHS) is None else None

    return MachOEdits(install_name, library, rpath)


def _edits_of_library(path: str, grafts: _Sources) -> MachOEdits:
    def library(name: str) -> str:
        other = grafts.path(name)
        return name if other is None else _name_from(path, other)

    # All that it needs is found from where it is, so it searches nowhere.
    return MachOEdits(lambda _: f"@rpath/{basename(path)}", library, lambda _: None)


def _name_from(file: str, library: str) -> str:
    """The name by which a file of the wheel finds a library of it, once both are installed."""
    here, there = Location.of(file), Location.of(library)
    path = there.path_from(here.folder) if here and there else None
    if path is None:
        # What is installed by another scheme than modules, such as a script, lies nowhere near them.
        message = f"needs {library}, which is installed below another folder"
        remedy = "Put both into packages, and start a program by a console script, or link the library statically."
        raise UnrepairableWheelError(Problem(file, message, remedy))
    return f"@loader_path/{path}"
