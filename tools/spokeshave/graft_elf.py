"""Grafting for Linux: ELF files, by auditwheel's policies and patchelf.

The layout is auditwheel's (``NAME.libs``, a DT_RPATH, hashed sonames). Its own ``repair_wheel`` is not called: it
packs and unpacks a wheel on the way, with each file whole in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from posixpath import dirname, relpath

from auditwheel.lddtree import LIBPYTHON_RE

from spokeshave.elf import is_elf, read_elf
from spokeshave.graft import (
    GraftedLibrary,
    GraftedTree,
    UnrepairableWheelError,
    copy_library,
    find_library,
    grafted_library,
    hashed_name,
)
from spokeshave.linkage import (
    Linkage,
    forbidden_symbols,
    foreign_architectures,
    missing_libraries,
    newest_versions,
    search_path_fault,
    share_libraries,
    too_new_symbols,
)
from spokeshave.patchelf import PinnedPatchelf
from spokeshave.platforms import LinuxPlatform, System
from spokeshave.wheel_tree import WheelTree, read_tree

_LIBRARY_FOLDER, _PROGRAM_FOLDER = ".libs", ".scripts"
_MUSL_AT_LINK = "libc.so"
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
    tree: WheelTree,
    platform: LinuxPlatform,
    library_dirs: Sequence[Path],
    scratch: Path,
    own_libraries: Sequence[str] = (),
) -> GraftedTree:
    """Make a wheel fit a Linux platform; raises `UnrepairableWheelError` with every reason why it cannot be.

    ``scratch`` is the parent of the tree's root. ``own_libraries`` are files of the wheel that stay as they are named.
    """
    patchelf = PinnedPatchelf()
    _clean_search_paths(tree, patchelf)
    if own_libraries:
        _search_own(tree, own_libraries, library_dirs, patchelf)
        tree = read_tree(tree.name, tree.root)
    shared = share_libraries(library_dirs, scratch)
    if platform.system is System.MUSL:
        tree, shared = _name_musl(tree, platform, shared, patchelf)
    linkage = Linkage.read(tree, platform, shared)
    _check(linkage)
    libraries = _graft(linkage, patchelf)
    final = Linkage.read(read_tree(tree.name, tree.root), platform)
    versions = {version for file in final.platform_versions().values() for version in file}
    return GraftedTree(final.tree, libraries, tuple(final.platform_libraries()), newest_versions(versions))


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
    folders = {tree.elf_files[path].soname or PurePosixPath(path).name: dirname(path) for path in own_libraries}
    for file, elf in tree.elf_files.items():
        needed = _all_needed(elf.needed, folders, library_dirs)
        here = dirname(file) or "."
        added = [f"$ORIGIN/{relpath(folder or '.', here)}" for name, folder in folders.items() if name in needed]
        if added:
            patchelf.set_rpath(tree.root / file, ":".join(dict.fromkeys([*elf.search_path, *added])))


def _all_needed(names: Iterable[str], own: Mapping[str, str], library_dirs: Sequence[Path]) -> set[str]:
    """The libraries that some libraries need, and those that these need, as far as they will be grafted."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            path = None if name in own else find_library(name, library_dirs)
            pending += read_elf(path, name).needed if path is not None and is_elf(path) else ()
    return found


def _name_musl(
    tree: WheelTree, platform: LinuxPlatform, library_dirs: Sequence[Path], patchelf: PinnedPatchelf
) -> tuple[WheelTree, list[Path]]:
    """Need musl by the name that its systems have for it, and not by that of the file that linkers see."""
    name = next(library for library in platform.policy.whitelist if library.startswith(_MUSL_AT_RUN))
    for file, elf in tree.elf_files.items():
        if _MUSL_AT_LINK in elf.needed:
            patchelf.replace_needed(tree.root / file, (_MUSL_AT_LINK, name))
    folders = [_shadow(folder) for folder in library_dirs]
    for path in (path for folder in folders for path in sorted(folder.iterdir())):
        if path.is_file() and is_elf(path) and _MUSL_AT_LINK in read_elf(path, path.name).needed:
            source = path.resolve()
            path.unlink()
            copy_library(source, path)
            patchelf.replace_needed(path, (_MUSL_AT_LINK, name))
    return read_tree(tree.name, tree.root), folders


def _shadow(folder: Path) -> Path:
    """A folder with links to the files of another, any of which can be replaced."""
    shadow = folder.with_name(f"{folder.name}-musl")
    shadow.mkdir()
    for path in sorted(folder.iterdir()):
        # Through the other folder: auditwheel's resolver takes an absolute link for one below its root.
        (shadow / path.name).symlink_to(Path("..", folder.name, path.name))
    return shadow


def _check(linkage: Linkage) -> None:
    problems = [
        *foreign_architectures(linkage),
        *missing_libraries(linkage),
        *too_new_symbols(linkage),
        *forbidden_symbols(linkage),
    ]
    if problems:
        raise UnrepairableWheelError(*dict.fromkeys(problems))


def _graft(linkage: Linkage, patchelf: PinnedPatchelf) -> tuple[GraftedLibrary, ...]:
    """Copy external libraries into the wheel, and lead the files that need them there, as auditwheel does."""
    tree, folder = linkage.tree, f"{linkage.tree.name.name}{_LIBRARY_FOLDER}"
    names = {name: hashed_name(source) for name, source in linkage.libraries.items()}
    for file, reference in sorted(linkage.references.items()):
        outside = {name for name, path in reference.libs.items() if path is not None}
        _forget_python(tree, file, patchelf)
        if outside:
            _replace_needed(tree.root / file, tree.elf_files[file].needed, names, patchelf)
            placed = _place_program(tree, file)
            _search_in(tree, file, placed, folder, patchelf)
    for name, new in names.items():
        _copy(linkage.libraries[name], tree.root / folder / new, names, patchelf)
    return tuple(grafted_library(tree, name, f"{folder}/{new}") for name, new in names.items())


def _copy(source: Path, destination: Path, names: Mapping[str, str], patchelf: PinnedPatchelf) -> None:
    elf = read_elf(source, source.name)
    copy_library(source, destination)
    patchelf.set_soname(destination, destination.name)
    if any(elf.search_path):
        patchelf.set_rpath(destination, "$ORIGIN")
    _replace_needed(destination, elf.needed, names, patchelf)


def _replace_needed(path: Path, needed: Iterable[str], names: Mapping[str, str], patchelf: PinnedPatchelf) -> None:
    pairs = [(name, names[name]) for name in sorted(needed) if name in names]
    if pairs:
        patchelf.replace_needed(path, *pairs)


def _forget_python(tree: WheelTree, file: str, patchelf: PinnedPatchelf) -> None:
    """Any Python may load an extension, so it must not ask for a library of one."""
    python = [name for name in tree.elf_files[file].needed if LIBPYTHON_RE.match(name)]
    if python:
        patchelf.remove_needed(tree.root / file, *python)


def _search_in(tree: WheelTree, file: str, placed: str, folder: str, patchelf: PinnedPatchelf) -> None:
    """Add the folder of grafted libraries to a file's search path; the file lies at ``placed`` now."""
    origin = f"$ORIGIN/{relpath(folder, dirname(placed) or '.')}"
    kept = [] if placed != file else [e for e in tree.elf_files[file].search_path if not search_path_fault(e, file)]
    patchelf.set_rpath(tree.root / placed, ":".join(dict.fromkeys([*kept, origin])))


def _place_program(tree: WheelTree, file: str) -> str:
    """Move a program that is installed as a script to where it finds libraries, and start it from its old place.

    Nothing tells a script where the packages lie, but Python does (auditwheel#340).
    """
    parts = PurePosixPath(file).parts
    if parts[:2] != (tree.name.data, "scripts"):
        return file
    placed = f"{tree.name.name}{_PROGRAM_FOLDER}/{parts[-1]}"
    (tree.root / placed).parent.mkdir(exist_ok=True)
    (tree.root / file).rename(tree.root / placed)
    (tree.root / file).write_text(_START_PROGRAM.format(program=placed), "utf-8")
    (tree.root / file).chmod(0o755)
    return placed
