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
from spokeshave.linkage.macho import (
    LOADER_PATHS,
    MachOLinkage,
    foreign_systems,
    is_system_library,
    missing_libraries,
    missing_slices,
    too_new_systems,
    undefined_symbols,
)
from spokeshave.native.macho.edit import MachOEdits, edit_macho
from spokeshave.native.macho.file import MachOFile, read_macho
from spokeshave.repair.graft import (
    GraftedTree,
    UnrepairableWheelError,
    copy_library,
    grafted_library,
    hashed_name,
)
from spokeshave.repair.own_libraries import library_names
from spokeshave.tags.platform import MacPlatform
from spokeshave.wheel.location import Location
from spokeshave.wheel.tree import WheelTree, read_tree

_LIBRARY_FOLDER = ".dylibs"


@dataclass(frozen=True)
class _Grafts:
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
    tree: WheelTree, platform: MacPlatform, library_dirs: Sequence[Path], own_libraries: Sequence[str] = ()
) -> GraftedTree:
    """Make a wheel fit a macOS platform; raises `UnrepairableWheelError` with every reason why it cannot be.

    ``own_libraries`` are files of the wheel that stay as they are named.
    """
    linkage = MachOLinkage(tree, platform)
    outside = {file: _outside(linkage, file) for file in tree.macho_files}
    own = {name: path for path in own_libraries for name in library_names(path, tree.macho_files[path])}
    sources = _sources(
        [name for names in outside.values() for name in names if basename(name) not in own], library_dirs
    )
    sources = {name: path for name, path in sources.items() if name not in own}
    folder = f"{tree.name.name}{_LIBRARY_FOLDER}"
    grafts = _Grafts(sources, {name: f"{folder}/{hashed_name(path)}" for name, path in sources.items()}, own)
    for name, path in grafts.paths.items():
        copy_library(grafts.sources[name], tree.root / path)
    problems = Problems()
    for file, names in outside.items():
        with problems.collecting():
            edit_macho(tree.root / file, file, _edits_of_file(file, names, grafts))
    for path in grafts.paths.values():
        with problems.collecting():
            edit_macho(tree.root / path, path, _edits_of_library(path, grafts))
    final = read_tree(tree.name, tree.root)
    _check(MachOLinkage(final, platform), problems)
    grafted = tuple(grafted_library(final, name, path) for name, path in grafts.paths.items())
    return GraftedTree(
        tree=final,
        libraries=grafted,
        platform_libraries=tuple(_system_libraries(final)),
        newest=_newest(final.macho_files.values()),
    )


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
            pending += [name for name in _needed(read_macho(path, base)) if not is_system_library(name)]
    problems.raise_if_any(UnrepairableWheelError)
    return dict(sorted(found.items()))


def _check(linkage: MachOLinkage, problems: Problems) -> None:
    """Raise what was found, and what keeps the wheel from working now that everything is in it."""
    every = missing_slices(linkage)
    for find in (foreign_systems, too_new_systems, missing_libraries, undefined_symbols):
        every += linkage.problems(find)
    problems.extend(UnrepairableWheelError(*every))
    problems.raise_if_any(UnrepairableWheelError)


def _edits_of_file(file: str, outside: set[str], grafts: _Grafts) -> MachOEdits:
    def library(name: str) -> str:
        path = grafts.path(name) if name in outside else None
        return name if path is None else _name_from(file, path)

    def install_name(name: str) -> str:
        # A path is that of the machine that linked the file; no loader asks for it.
        return f"@rpath/{basename(file)}" if name.startswith("/") else name

    def rpath(entry: str) -> str | None:
        return entry if search_path_fault(entry, file, LOADER_PATHS) is None else None

    return MachOEdits(install_name, library, rpath)


def _edits_of_library(path: str, grafts: _Grafts) -> MachOEdits:
    def library(name: str) -> str:
        other = grafts.path(name)
        return name if other is None else _name_from(path, other)

    # All that it needs is found from where it is, so it searches nowhere.
    return MachOEdits(lambda _: f"@rpath/{basename(path)}", library, lambda _: None)


def _name_from(file: str, library: str) -> str:
    """The name by which a file of the wheel finds a library of it, once both are installed."""
    here = Location.of(file)
    there = Location.of(library)
    path = there.path_from(here.folder) if here and there else None
    if path is None:
        # What is installed by another scheme than modules, such as a script, lies nowhere near them.
        message = f"needs {library}, which is installed below another folder"
        remedy = "Put both into packages, and start a program by a console script, or link the library statically."
        raise UnrepairableWheelError(Problem(file, message, remedy))
    return f"@loader_path/{path}"


def _needed(macho: MachOFile) -> list[str]:
    return list(dict.fromkeys(name for part in macho.slices for name in part.needed))


def _system_libraries(tree: WheelTree) -> list[str]:
    return sorted({name for macho in tree.macho_files.values() for name in _needed(macho) if is_system_library(name)})


def _newest(files: Iterable[MachOFile]) -> dict[str, str]:
    versions = [part.minimum_version for macho in files for part in macho.slices if part.minimum_version]
    return {"macOS": "{}.{}".format(*max(versions))} if versions else {}
