"""Grafting for Windows: PE files, whose imports are renamed to the DLLs that were copied in.

A DLL is put beside the files that import it. Since Python 3.8 an extension is loaded with
LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, and ctypes does the same, so that the loader looks there first. The other way, a
folder of its own and ``os.add_dll_directory``, needs a change of the package's Python files, which may be anyone's and
which namespace packages do not have. Where extensions in several folders import one DLL, each folder gets a copy; the
loader knows a loaded DLL by its name, so a process has one of them in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from spokeshave.errors import Problem, Problems
from spokeshave.graft import (
    GraftedTree,
    UnrepairableWheelError,
    copy_library,
    find_library,
    foreign_architecture,
    grafted_library,
    hashed_name,
    missing_library,
)
from spokeshave.pe import PeFile, read_pe
from spokeshave.pe_edit import rename_libraries
from spokeshave.platforms import WindowsPlatform
from spokeshave.wheel_tree import WheelTree, read_tree
from spokeshave.windows_libraries import is_windows_library


@dataclass(frozen=True)
class WindowsLinkage:
    """Where the files of a wheel find their DLLs: in the wheel, in Windows, or outside in the given folders.

    Names of DLLs are in lower case, as Windows takes them.
    """

    tree: WheelTree
    architecture: str
    library_dirs: Sequence[Path]

    @cached_property
    def provided(self) -> set[str]:
        """The names of the wheel's own DLLs; a package may make any of its folders one that DLLs are found in."""
        return {PurePosixPath(file).name.lower() for file in self.tree.pe_files}

    @cached_property
    def libraries(self) -> dict[str, Path]:
        """The DLLs outside of the wheel that can be grafted; those that they need too."""
        found: dict[str, Path] = {}
        pending = [name for pe in self.tree.pe_files.values() for name in self.outside(pe)]
        while pending:
            name = pending.pop()
            path = None if name in found else find_library(name, self.library_dirs, ignore_case=True)
            if path is not None:
                found[name] = path
                pending += self.outside(read_pe(path, name))
        return dict(sorted(found.items()))

    @cached_property
    def outside_files(self) -> dict[str, PeFile]:
        """The DLLs to graft, read."""
        return {name: read_pe(path, path.name) for name, path in self.libraries.items()}

    def outside(self, pe: PeFile) -> list[str]:
        """The DLLs that a file imports from, and that neither Windows nor the wheel has."""
        names = dict.fromkeys(name.lower() for name in pe.needed)
        return [name for name in names if name not in self.provided and not is_windows_library(name, self.architecture)]

    def closure(self, file: str) -> list[str]:
        """The DLLs to graft that a file of the wheel needs, directly or through one another."""
        found: dict[str, None] = {}
        pending = self.outside(self.tree.pe_files[file])
        while pending:
            name = pending.pop()
            if name not in found and name in self.libraries:
                found[name] = None
                pending += self.outside(self.outside_files[name])
        return sorted(found)


def graft_pe(tree: WheelTree, platform: WindowsPlatform, library_dirs: Sequence[Path]) -> GraftedTree:
    """Make a wheel fit a Windows platform; raises `UnrepairableWheelError` with every reason why it cannot be."""
    (architecture,) = platform.architectures
    linkage = WindowsLinkage(tree, architecture, library_dirs)
    _check(linkage, platform)
    names = {name: hashed_name(path) for name, path in linkage.libraries.items()}
    placed = _copy_libraries(linkage, names)
    problems = Problems()
    for file in [*tree.pe_files, *placed]:
        with problems.collecting():
            rename_libraries(tree.root / file, file, names)
    problems.raise_if_any(UnrepairableWheelError)
    final = read_tree(tree.name, tree.root)
    grafted = tuple(grafted_library(final, linkage.libraries[name].name, path) for path, name in placed.items())
    return GraftedTree(final, grafted, tuple(_system_libraries(final, architecture)), _newest(final))


def _copy_libraries(linkage: WindowsLinkage, names: Mapping[str, str]) -> dict[str, str]:
    """Copy DLLs beside the files that need them; the copies' paths, and each one's name before."""
    placed = {
        (PurePosixPath(file).parent / names[name]).as_posix(): name
        for file in linkage.tree.pe_files
        for name in linkage.closure(file)
    }
    for path, name in placed.items():
        copy_library(linkage.libraries[name], linkage.tree.root / path)
    return dict(sorted(placed.items()))


def _check(linkage: WindowsLinkage, platform: WindowsPlatform) -> None:
    files = {
        **linkage.tree.pe_files,
        **{pe_path.name: linkage.outside_files[name] for name, pe_path in linkage.libraries.items()},
    }
    problems = [
        *(problem for file, pe in files.items() for problem in _architecture(file, pe, platform)),
        *(problem for file, pe in files.items() for problem in _missing(file, pe, linkage, platform)),
    ]
    if problems:
        raise UnrepairableWheelError(*dict.fromkeys(problems))


def _architecture(file: str, pe: PeFile, platform: WindowsPlatform) -> list[Problem]:
    if pe.architecture in platform.architectures:
        return []
    return [foreign_architecture(file, [pe.architecture], platform.architectures, platform.tag)]


def _missing(file: str, pe: PeFile, linkage: WindowsLinkage, platform: WindowsPlatform) -> Iterator[Problem]:
    for name in pe.needed:
        if name.lower() in linkage.outside(pe) and name.lower() not in linkage.libraries:
            yield missing_library(file, name, platform.tag)


def _system_libraries(tree: WheelTree, architecture: str) -> list[str]:
    needed = {name for pe in tree.pe_files.values() for name in pe.needed}
    return sorted(name for name in needed if is_windows_library(name, architecture))


def _newest(tree: WheelTree) -> dict[str, str]:
    return {"Windows": "{}.{}".format(*max(pe.subsystem_version for pe in tree.pe_files.values()))}
