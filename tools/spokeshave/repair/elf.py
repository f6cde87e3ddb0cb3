"""Grafting for Linux: ELF files, by auditwheel's policies and patchelf.

The layout is auditwheel's (``NAME.libs``, a DT_RPATH, hashed sonames). Its own ``repair_wheel`` is not called: it
packs and unpacks a wheel on the way, with each file whole in memory.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from spokeshave.errors import Problem
from spokeshave.linkage.elf import (
    Linkage,
    ambiguous_libraries,
    forbidden_symbols,
    foreign_architectures,
    missing_libraries,
    newest_versions,
    search_path_fault,
    too_new_symbols,
)
from spokeshave.linkage.elf_loader import LIBPYTHON, MUSL_NAMES
from spokeshave.linkage.elf_symbols import clashing_libraries, undefined_symbols
from spokeshave.linkage.library_search import find_libraries
from spokeshave.native.elf.file import is_elf, read_elf
from spokeshave.native.elf.patchelf import PinnedPatchelf
from spokeshave.repair.graft import (
    GraftedLibrary,
    GraftedTree,
    UnrepairableWheelError,
    copy_library,
    grafted_library,
    hashed_name,
)
from spokeshave.repair.own_libraries import library_names
from spokeshave.tags.platform import LinuxPlatform, System
from spokeshave.wheel.location import DATA_FOLDER, Location, Root
from spokeshave.wheel.tree import WheelTree, read_tree

_LIBRARY_FOLDER = ".libs"
_PROGRAM_FOLDER = ".scripts"
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
    tree: WheelTree, platform: LinuxPlatform, library_dirs: Sequence[Path], own_libraries: Sequence[str] = ()
) -> GraftedTree:
    """Make a wheel fit a Linux platform; raises `UnrepairableWheelError` with every reason why it cannot be.

    ``own_libraries`` are files of the wheel that stay as they are named.
    """
    patchelf = PinnedPatchelf()
    _clean_search_paths(tree, patchelf)
    if own_libraries:
        tree = read_tree(tree.name, tree.root)
        _search_own(tree, own_libraries, library_dirs, patchelf)
    musl_names = _musl_names(platform)
    for file, elf in tree.elf_files.items():
        _replace_needed(tree.root / file, elf.needed, musl_names, patchelf)
    linkage = Linkage.read(read_tree(tree.name, tree.root), platform, library_dirs)
    _check(linkage)
    libraries = _graft(linkage, musl_names, patchelf)
    final = Linkage.read(read_tree(tree.name, tree.root), platform)
    _check_result(final)
    versions = {version for file in final.platform_versions().values() for version in file}
    return GraftedTree(
        tree=final.tree,
        libraries=libraries,
        platform_libraries=tuple(final.platform_libraries()),
        newest=newest_versions(versions),
    )


def _clean_search_paths(tree: WheelTree, patchelf: PinnedPatchelf) -> None:
    """Drop entries of RPATH and RUNPATH that only work on the machine that linked the file."""
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
    """Lead the files that need one of the wheel's own libraries, also through libraries to graft, to its folder."""
    places = {path: Location.of(path) for path in own_libraries}
    lost = [path for path, location in places.items() if location is None]
    if lost:
        message = "is a library that no installer has a place for"
        remedy = "Put it into a package."
        raise UnrepairableWheelError(*(Problem(path, message, remedy) for path in lost))
    folders = {
        name: location.folder
        for path, location in places.items()
        for name in library_names(path, tree.elf_files[path])
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
    """The libraries that some libraries need, and those that these need, as far as they will be grafted."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            paths = [] if name in own else find_libraries(name, library_dirs)
            pending += [inner for path in paths if is_elf(path) for inner in read_elf(path, name).needed]
    return found


def _musl_names(platform: LinuxPlatform) -> dict[str, str]:
    """The name that musl's systems have for it, for each that linkers write."""
    if platform.system is not System.MUSL:
        return {}
    name = next(library for library in platform.policy.whitelist if library.startswith(_MUSL_AT_RUN))
    return dict.fromkeys(MUSL_NAMES, name)


def _check(linkage: Linkage) -> None:
    """Raise what keeps the wheel from fitting, before anything is copied into it."""
    _raise(
        [
            *foreign_architectures(linkage),
            *ambiguous_libraries(linkage),
            *missing_libraries(linkage),
            *undefined_symbols(linkage),
            *too_new_symbols(linkage),
            *forbidden_symbols(linkage),
        ]
    )


def _check_result(linkage: Linkage) -> None:
    """Raise what keeps the files from finding each other now that everything is in the wheel."""
    _raise([*missing_libraries(linkage), *undefined_symbols(linkage), *clashing_libraries(linkage)])


def _raise(problems: Iterable[Problem]) -> None:
    found = dict.fromkeys(problems)
    if found:
        raise UnrepairableWheelError(*found)


def _graft(linkage: Linkage, musl_names: Mapping[str, str], patchelf: PinnedPatchelf) -> tuple[GraftedLibrary, ...]:
    """Copy external libraries into the wheel, and lead the files that need them there, as auditwheel does."""
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
    """Any Python may load an extension, so it must not ask for a library of one."""
    python = [name for name in tree.elf_files[file].needed if LIBPYTHON.fullmatch(name)]
    if python:
        patchelf.remove_needed(tree.root / file, *python)


def _search_in(tree: WheelTree, file: str, placed: str, folder: str, patchelf: PinnedPatchelf) -> None:
    """Add the folder of grafted libraries to a file's search path; the file lies at ``placed`` now."""
    here = Location.of(placed)
    path = Location(Root.PACKAGES, folder).path_from(here.folder) if here else None
    if path is None:
        message = "needs a library of the wheel, but is installed away from the packages"
        remedy = "Link it statically, or put it into a package."
        raise UnrepairableWheelError(Problem(file, message, remedy))
    kept = [] if placed != file else [e for e in tree.elf_files[file].search_path if not search_path_fault(e, file)]
    patchelf.set_rpath(tree.root / placed, ":".join(dict.fromkeys([*kept, f"$ORIGIN/{path}"])))


def _place_program(tree: WheelTree, file: str) -> str:
    """Move a program that is installed as a script to where it finds libraries, and start it from its old place.

    Nothing tells a script where the packages lie, but Python does (auditwheel#340).
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
