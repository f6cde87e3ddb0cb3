"""Grafting for Linux: ELF files, by auditwheel's policies and patchelf.

The layout is auditwheel's (`NAME.libs`, a DT_RPATH, hashed sonames). Its own `repair_wheel` is not used, because it
unpacks and packs the wheel and reads whole files into memory.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from spokeshave.linkage.elf import (
    ElfLinkage,
    ambiguous_libraries,
    forbidden_symbols,
    foreign_architectures,
    missing_libraries,
    too_new_symbols,
)
from spokeshave.linkage.elf_loader import LIBPYTHON, MUSL_NAMES
from spokeshave.linkage.elf_symbols import undefined_symbols
from spokeshave.linkage.library_search import find_libraries
from spokeshave.linkage.linkage import Fault
from spokeshave.linkage.search_path import search_path_fault
from spokeshave.native.elf.file import is_elf, read_elf
from spokeshave.native.elf.patchelf import PinnedPatchelf
from spokeshave.policies.linux import LinuxPolicy
from spokeshave.repair.graft import Grafts, UnrepairableWheelError, copy_library, grafted_library, hashed_name
from spokeshave.wheel.location import DATA_FOLDER, Location, Root
from spokeshave.wheel.tree import WheelTree, read_tree
from spokeshave_core.platform import Platform, System
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.reports.repair import GraftedLibrary

_LIBRARY_FOLDER = ".libs"
_PROGRAM_FOLDER = ".scripts"
# Whether the files find each other; what they need of the platform is checked before anything is copied.
_CHECKED = (Fault.MISSING_LIBRARY, Fault.UNDEFINED_SYMBOL, Fault.LIBRARY_CLASH)
_MUSL_AT_RUN = "libc.musl-"
_START_PROGRAM = """#!python
import os
import sys
import sysconfig

if __name__ == "__main__":
    program = os.path.join(sysconfig.get_path("platlib"), {program!r})
    os.execv(program, [program, *sys.argv[1:]])
"""


def graft_elf(
    platform: Platform, tree: WheelTree, library_dirs: Sequence[Path], own_libraries: Sequence[str]
) -> Grafts:
    """Change a wheel's ELF files to fit a Linux platform, as `formats.graft` says."""
    patchelf = PinnedPatchelf()
    _clean_search_paths(tree, patchelf)
    if own_libraries:
        tree = read_tree(tree.name, tree.root)
        _search_own(tree, own_libraries, library_dirs, patchelf)
    musl_names = _musl_names(platform)
    for file, elf in tree.elf_files.items():
        _replace_needed(tree.root / file, elf.needed, musl_names, patchelf)
    linkage = ElfLinkage.read(read_tree(tree.name, tree.root), platform, library_dirs)
    _check(linkage)
    return Grafts(_graft(linkage, musl_names, patchelf), Problems(), _CHECKED)


def _clean_search_paths(tree: WheelTree, patchelf: PinnedPatchelf) -> None:
    """Remove entries of RPATH and RUNPATH that are valid only on the machine that linked the file."""
    for file, elf in tree.elf_files.items():
        kept = [entry for entry in dict.fromkeys(elf.search_path) if search_path_fault(entry, file) is None]
        if kept == list(elf.search_path):
            continue
        if kept:
            patchelf.set_rpath(tree.root / file, ":".join(kept))
        else:
            patchelf.remove_rpath(tree.root / file)


def _search_own(
    tree: WheelTree, own_libraries: Iterable[str], library_dirs: Sequence[Path], patchelf: PinnedPatchelf
) -> None:
    """Set search paths to the wheel's own libraries in files that need them, directly or through libraries to graft."""
    places = {path: Location.of(path) for path in own_libraries}
    lost = [path for path, location in places.items() if location is None]
    if lost:
        message = "is a library that installers cannot install"
        remedy = "Put it into a package."
        raise UnrepairableWheelError(*(Problem(path, message, remedy) for path in lost))
    folders = {
        name: location.folder
        for path, location in places.items()
        for name in tree.elf_files[path].names(PurePosixPath(path).name)
        if location
    }
    for file, elf in tree.elf_files.items():
        needed = _all_needed(elf.needed, folders, library_dirs)
        here = Location.of(file)
        paths = [folders[name].path_from(here.folder) for name in folders if here and name in needed]
        added = [f"$ORIGIN/{path}" for path in paths if path is not None]
        if added:
            patchelf.set_rpath(tree.root / file, ":".join(dict.fromkeys([*elf.search_path, *added])))


def _all_needed(names: Iterable[str], own: Container[str], library_dirs: Sequence[Path]) -> set[str]:
    """Return the direct and indirect dependencies of some libraries, as far as they will be grafted."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            paths = [] if name in own else find_libraries(name, library_dirs)
            pending += [inner for path in paths if is_elf(path) for inner in read_elf(path, name).needed]
    return found


def _musl_names(platform: Platform) -> dict[str, str]:
    """Return musl's own name for each library name that linkers write."""
    if platform.system is not System.MUSL:
        return {}
    name = next(library for library in LinuxPolicy.of(platform).allowed_libraries if library.startswith(_MUSL_AT_RUN))
    return dict.fromkeys(MUSL_NAMES, name)


def _check(linkage: ElfLinkage) -> None:
    """Raise the problems of the wheel before anything is copied into it."""
    problems = [
        *foreign_architectures(linkage),
        *ambiguous_libraries(linkage),
        *missing_libraries(linkage),
        *undefined_symbols(linkage),
        *too_new_symbols(linkage),
        *forbidden_symbols(linkage),
    ]
    if problems:
        raise UnrepairableWheelError(*dict.fromkeys(problems))


def _graft(linkage: ElfLinkage, musl_names: Mapping[str, str], patchelf: PinnedPatchelf) -> tuple[GraftedLibrary, ...]:
    """Copy external libraries into the wheel and set the search paths of files that need them, like auditwheel."""
    tree = linkage.tree
    folder = f"{linkage.tree.name.name}{_LIBRARY_FOLDER}"
    names = {name: hashed_name(source) for name, source in linkage.libraries.items()}
    for file in sorted(tree.elf_files):
        _forget_python(tree, file, patchelf)
        if linkage.outside(file):
            _replace_needed(tree.root / file, linkage.taken_outside(file), names, patchelf)
            placed = _place_program(tree, file)
            _search_in(tree, file, placed, folder, patchelf)
    for name, new in names.items():
        _copy(linkage.libraries[name], tree.root / folder / new, {**musl_names, **names}, patchelf)
    return tuple(grafted_library(tree, name, f"{folder}/{new}") for name, new in names.items())


def _copy(source: Path, destination: Path, names: Mapping[str, str], patchelf: PinnedPatchelf) -> None:
    elf = read_elf(source, source.name)
    copy_library(source, destination)
    patchelf.set_soname(destination, destination.name)
    if elf.search_path:
        patchelf.set_rpath(destination, "$ORIGIN")
    _replace_needed(destination, elf.needed, names, patchelf)


def _replace_needed(path: Path, needed: Iterable[str], names: Mapping[str, str], patchelf: PinnedPatchelf) -> None:
    pairs = [(name, names[name]) for name in sorted(needed) if name in names]
    if pairs:
        patchelf.replace_needed(path, *pairs)


def _forget_python(tree: WheelTree, file: str, patchelf: PinnedPatchelf) -> None:
    """Remove dependencies on libraries of an interpreter, because any Python may load an extension."""
    python = [name for name in tree.elf_files[file].needed if LIBPYTHON.fullmatch(name)]
    if python:
        patchelf.remove_needed(tree.root / file, *python)


def _search_in(tree: WheelTree, file: str, placed: str, folder: str, patchelf: PinnedPatchelf) -> None:
    """Add the directory of grafted libraries to the search path of a file, which is at `placed` now."""
    here = Location.of(placed)
    path = Location(Root.PACKAGES, folder).path_from(here.folder) if here else None
    if path is None:
        message = "needs a library of the wheel, but is installed outside the packages"
        remedy = "Link it statically, or put it into a package."
        raise UnrepairableWheelError(Problem(file, message, remedy))
    kept = [] if placed != file else [e for e in tree.elf_files[file].search_path if not search_path_fault(e, file)]
    patchelf.set_rpath(tree.root / placed, ":".join(dict.fromkeys([*kept, f"$ORIGIN/{path}"])))


def _place_program(tree: WheelTree, file: str) -> str:
    """Move a program from the scripts to a directory with its libraries, and leave a script that starts it.

    A program in the scripts directory cannot find the packages, but Python can (auditwheel#340).
    """
    data, scheme = (*PurePosixPath(file).parts, "")[:2]
    if not data.endswith(DATA_FOLDER) or scheme != "scripts":
        return file
    placed = f"{tree.name.name}{_PROGRAM_FOLDER}/{PurePosixPath(file).name}"
    (tree.root / placed).parent.mkdir(exist_ok=True)
    (tree.root / file).rename(tree.root / placed)
    (tree.root / file).write_text(_START_PROGRAM.format(program=placed), "utf-8")
    (tree.root / file).chmod(0o755)
    return placed
