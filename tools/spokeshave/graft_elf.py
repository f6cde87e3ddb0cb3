"""Grafting for Linux: ELF files, by auditwheel and its policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from auditwheel.lddtree import LIBPYTHON_RE
from auditwheel.policy import ExternalReference
from auditwheel.repair import repair_wheel
from auditwheel.wheel_abi import WheelAbIInfo

from spokeshave.archive import Compression
from spokeshave.elf import is_elf, read_elf
from spokeshave.graft import (
    GraftedLibrary,
    GraftedTree,
    UnrepairableWheelError,
    copy_library,
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
from spokeshave.wheel_file import tree_entries, write_wheel
from spokeshave.wheel_tree import WheelTree, read_tree, unpack

_LIBRARY_FOLDER = ".libs"
_MUSL_AT_LINK = "libc.so"
_MUSL_AT_RUN = "libc.musl-"


def graft_elf(tree: WheelTree, platform: LinuxPlatform, library_dirs: Sequence[Path], scratch: Path) -> GraftedTree:
    """Make a wheel fit a Linux platform; raises `UnrepairableWheelError` with every reason why it cannot be.

    ``scratch`` is the parent of the tree's root.
    """
    patchelf = PinnedPatchelf()
    _clean_search_paths(tree, patchelf)
    shared = share_libraries(library_dirs, scratch)
    if platform.system is System.MUSL:
        tree, shared = _name_musl(tree, platform, shared, patchelf)
    linkage = Linkage.read(tree, platform, shared)
    _check(linkage)
    grafted_tree, libraries = _graft(linkage, patchelf, scratch)
    final = Linkage.read(read_tree(tree.name, grafted_tree.root), platform)
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
        (shadow / path.name).symlink_to(path.resolve())
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


def _graft(linkage: Linkage, patchelf: PinnedPatchelf, scratch: Path) -> tuple[WheelTree, tuple[GraftedLibrary, ...]]:
    """Copy external libraries into the wheel, by auditwheel, and give the tree that results."""
    references = _graftable(linkage)
    if not any(reference.libs for reference in references.values()):
        return linkage.tree, ()
    tree = linkage.tree
    packed = write_wheel(
        scratch / "packed" / str(tree.name),
        tree.dist_info,
        tree_entries(tree.root, Compression.STORED),
        Compression.STORED,
    )
    (scratch / "grafted").mkdir()
    abi = _wheel_abi(linkage, references)
    tags = [linkage.platform.tag]
    repair_wheel(abi, packed.path, tags, _LIBRARY_FOLDER, scratch / "grafted", False, patchelf, False, 0)
    packed.path.unlink()
    grafted_tree = unpack(scratch / "grafted" / str(tree.name), scratch / "repaired")
    return grafted_tree, _grafted_libraries(linkage, grafted_tree)


def _graftable(linkage: Linkage) -> dict[Path, ExternalReference]:
    """auditwheel's references in a fixed order, without the libraries that only a linking file's search path finds."""
    return {
        Path(file): replace(
            reference,
            libs={name: path for name, path in sorted(reference.libs.items()) if path or LIBPYTHON_RE.match(name)},
        )
        for file, reference in sorted(linkage.references.items())
    }


def _wheel_abi(linkage: Linkage, references: dict[Path, ExternalReference]) -> WheelAbIInfo:
    # auditwheel's own analysis would resolve libraries on this machine; only its grafting is used.
    policy, policies = linkage.platform.policy, linkage.platform.policies
    by_file = {file: {policy.name: reference} for file, reference in references.items()}
    return WheelAbIInfo(policies, by_file, policy, {}, policy, {}, policy, policy, policy, policy, policy)


def _grafted_libraries(linkage: Linkage, tree: WheelTree) -> tuple[GraftedLibrary, ...]:
    found = []
    for name, source in linkage.libraries.items():
        path = f"{tree.name.name}{_LIBRARY_FOLDER}/{hashed_name(source)}"
        # The mode of the source depends on who built it; auditwheel copies it.
        (tree.root / path).chmod(0o755)
        found.append(grafted_library(tree, name, path))
    return tuple(found)
