"""Grafting for Windows: PE files, whose imports are renamed to the copied DLLs.

A DLL is copied into the directory of the files that import it. Since Python 3.8 an extension is loaded with
LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, as it is by ctypes, so that the loader searches there first. The alternative, a
separate directory and `os.add_dll_directory`, requires changes to the package's Python files, which may belong to
others and which namespace packages do not have. If extensions in several directories import one DLL, each directory
gets a copy. The loader identifies loaded DLLs by their names, so a process has only one of them in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from spokeshave.linkage.library_search import ambiguity, find_libraries
from spokeshave.linkage.linkage import Fault
from spokeshave.linkage.pe import PeLinkage, is_given_library
from spokeshave.linkage.windows_libraries import is_unused
from spokeshave.native.pe.edit import rename_libraries
from spokeshave.native.pe.file import PeFile, read_pe
from spokeshave.repair.graft import (
    Grafts,
    UnrepairableWheelError,
    copy_library,
    grafted_library,
    hashed_name,
)
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problems
from spokeshave_core.python_abi import PythonAbi

_CHECKED = (
    Fault.ARCHITECTURE,
    Fault.MINIMUM_SYSTEM,
    Fault.MISSING_LIBRARY,
    Fault.UNDEFINED_SYMBOL,
    Fault.LIBRARY_CLASH,
)


@dataclass(frozen=True)
class _Outside:
    """The DLLs that files of the wheel import and that neither Windows nor Python nor the wheel has.

    Names are in lower case, because Windows ignores case.
    """

    tree: WheelTree
    library_dirs: Sequence[Path]

    @cached_property
    def inside(self) -> set[str]:
        return {PurePosixPath(file).name.lower() for file in self.tree.pe_files}

    @cached_property
    def sources(self) -> dict[str, Path]:
        """Return the files in the given directories for these DLLs and their dependencies."""
        found: dict[str, Path] = {}
        problems = Problems()
        pending = [name for pe in self.tree.pe_files.values() for name in self._names(pe)]
        while pending:
            name = pending.pop()
            paths = [] if name in found else find_libraries(name, self.library_dirs, ignore_case=True)
            problem = ambiguity(name, paths)
            if problem:
                problems.extend(UnrepairableWheelError(problem))
            if paths:
                found[name] = path = paths[0]
                pending += self._needed(name, path)
        problems.raise_if_any(UnrepairableWheelError)
        return dict(sorted(found.items()))

    @cached_property
    def names(self) -> dict[str, str]:
        """Return the names of these DLLs in the wheel. One that another forwards exports to keeps its own name.

        That name is a text inside the other's table of exports, where there is no space for a longer one.
        """
        files = [*self.tree.pe_files.values(), *(read_pe(path, name) for name, path in self.sources.items())]
        kept = {name.lower() for pe in files for name in pe.forwarded_to}
        return {name: path.name if name in kept else hashed_name(path) for name, path in self.sources.items()}

    def grafts(self, file: str) -> list[str]:
        """Return the DLLs to copy for the imports of a file of the wheel, direct or indirect."""
        found: set[str] = set()
        pending = self._names(self.tree.pe_files[file])
        while pending:
            name = pending.pop()
            if name not in found and name in self.sources:
                found.add(name)
                pending += self._needed(name, self.sources[name])
        return sorted(found)

    def _needed(self, name: str, path: Path) -> list[str]:
        return self._names(read_pe(path, name))

    def _names(self, pe: PeFile) -> list[str]:
        unused = {library.name for library in pe.libraries if is_unused(pe.name, library)}
        outside = (name for name in pe.needed if name not in unused and not is_given_library(name))
        return [name.lower() for name in outside if name.lower() not in self.inside]


def graft_pe(platform: Platform, tree: WheelTree, library_dirs: Sequence[Path], own_libraries: Sequence[str]) -> Grafts:
    """Change a wheel's PE files to fit a Windows platform, as `formats.graft` says."""
    _check_own(PeLinkage(tree, platform, PythonAbi.of_tags(tree.name.tag.python, tree.name.tag.abi)), own_libraries)
    outside = _Outside(tree, library_dirs)
    placed = _copy_libraries(outside, outside.names)
    new_names = {name: new for name, new in outside.names.items() if new.lower() != name}
    problems = Problems()
    for file in [*tree.pe_files, *placed]:
        with problems.collecting():
            rename_libraries(tree.root / file, file, new_names)
    libraries = tuple(grafted_library(tree, outside.sources[name].name, path) for path, name in placed.items())
    return Grafts(libraries, problems, _CHECKED)


def _check_own(linkage: PeLinkage, own_libraries: Sequence[str]) -> None:
    """Check that Windows finds the wheel's own DLLs. A copy next to the files would be a different library."""
    own = {PurePosixPath(path).name.lower(): path for path in own_libraries}
    problems = Problems()
    for file, library in linkage.libraries():
        path = own.get(library.name.lower())
        if path and linkage.in_same_folder(file, library.name) is None and not linkage.calls.adds_folders:
            message = f"needs {library.name}, which the wheel contains as {path}, where Windows does not search"
            remedy = f"Put the library into the folder of {file}, or call os.add_dll_directory before it is imported."
            problems.add(file, message, remedy)
    problems.raise_if_any(UnrepairableWheelError)


def _copy_libraries(outside: _Outside, names: Mapping[str, str]) -> dict[str, str]:
    """Copy DLLs next to the files that need them. Return the paths of the copies with their original names."""
    placed = {
        (PurePosixPath(file).parent / names[name]).as_posix(): name
        for file in outside.tree.pe_files
        for name in outside.grafts(file)
    }
    for path, name in placed.items():
        copy_library(outside.sources[name], outside.tree.root / path)
    return dict(sorted(placed.items()))
