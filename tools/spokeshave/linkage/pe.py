"""The dependencies of a wheel's PE files on Windows, on Python and on each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from itertools import permutations
from pathlib import PurePosixPath

from spokeshave.errors import some
from spokeshave.linkage.elf import clash
from spokeshave.linkage.library_calls import LibraryCalls, LibraryFile
from spokeshave.linkage.windows_libraries import is_python_library, is_unused, is_windows_library, python_libraries
from spokeshave.native.pe.file import ImportedLibrary
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problem
from spokeshave_core.python_abi import PythonAbi

_NEWEST_SUBSYSTEM = (10, 0)
# delvewheel's directory for copied DLLs, and the suffix that it and our own repair append to their names.
_GRAFTED_FOLDER = ".libs"
_GRAFTED_NAME = re.compile(r".*-[0-9a-f]{8,}(\.[^/]*)?\.dll", re.IGNORECASE)
_PLAUSIBLE_TIMES = (datetime(2000, 1, 1, tzinfo=timezone.utc), datetime(2100, 1, 1, tzinfo=timezone.utc))


@dataclass(frozen=True)
class PeLinkage:
    """The PE files of a wheel, and the paths by which they find each other."""

    tree: WheelTree
    platform: Platform
    abi: PythonAbi | None

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Return the wheel's DLLs by their names in lower case, because Windows ignores case."""
        found: dict[str, list[str]] = defaultdict(list)
        for file in self.tree.pe_files:
            found[PurePosixPath(file).name.lower()].append(file)
        return dict(found)

    def in_same_folder(self, file: str, name: str) -> str | None:
        """Return the DLL of a name in a file's own directory. Several directories may have a copy."""
        own_location = self.tree.locations.get(file)
        for other in self.by_name.get(name.lower(), []):
            other_location = self.tree.locations.get(other)
            if own_location and other_location and own_location.folder == other_location.folder:
                return other
        return None

    def providers(self, file: str, name: str) -> list[str]:
        """Return the DLLs of the wheel that a file may load by a name: the one next to it, or else any."""
        own = self.in_same_folder(file, name)
        return [own] if own else self.by_name.get(name.lower(), [])

    def libraries(self) -> Iterator[tuple[str, ImportedLibrary]]:
        """Yield every file with each DLL that it imports from or forwards exports to."""
        for file, pe in self.tree.pe_files.items():
            yield from ((file, library) for library in pe.libraries if not is_unused(pe.name, library))
            yield from ((file, ImportedLibrary(name, symbols, True)) for name, symbols in pe.forwarded_to.items())

    def platform_libraries(self) -> list[str]:
        """The names of the DLLs that the files take from Windows and from Python."""
        return sorted({name for pe in self.tree.pe_files.values() for name in pe.needed if is_given_library(name)})

    def newest(self) -> dict[str, str]:
        """The newest Windows that a file asks for."""
        return {"Windows": "{}.{}".format(*max(pe.subsystem_version for pe in self.tree.pe_files.values()))}

    @cached_property
    def calls(self) -> LibraryCalls:
        """Return the calls in Python files by which DLLs are loaded."""
        return LibraryCalls(self.tree)

    @cached_property
    def loaded_by_hand(self) -> set[str]:
        """Return the lower-case names of DLLs that a module of the wheel loads itself or whose directory it adds."""
        libraries = {
            file: LibraryFile(frozenset({PurePosixPath(file).name.lower()}), frozenset(map(str.lower, pe.needed)))
            for file, pe in self.tree.pe_files.items()
        }
        return {
            name for library in self.calls.loaded(libraries, self.in_same_folder).values() for name in library.names
        }


def is_given_library(name: str) -> bool:
    """Whether Windows or Python brings a DLL."""
    return is_windows_library(name) or is_python_library(name)


def is_grafted(file: str) -> bool:
    """Return whether a repair copied a DLL into the wheel."""
    path = PurePosixPath(file)
    in_own_folder = any(part.endswith(_GRAFTED_FOLDER) for part in path.parts[:-1])
    return in_own_folder or _GRAFTED_NAME.fullmatch(path.name) is not None


def foreign_architectures(linkage: PeLinkage) -> Iterator[Problem]:
    """Yield problems for DLLs of another architecture."""
    (wanted,) = linkage.platform.architectures
    for file, pe in linkage.tree.pe_files.items():
        if pe.architecture != wanted and (pe.is_dll or file.endswith(".pyd")):
            message = f"is built for {pe.architecture}, but the platform is {linkage.platform.tag}"
            yield Problem(file, message, f"Build it for {wanted}, or tag the wheel for {pe.architecture}.")


def too_new_systems(linkage: PeLinkage) -> Iterator[Problem]:
    """Yield problems for files that require a Windows version which does not exist. The loader refuses them."""
    for file, pe in linkage.tree.pe_files.items():
        if pe.subsystem_version > _NEWEST_SUBSYSTEM:
            version = "{}.{}".format(*pe.subsystem_version)
            message = f"needs Windows {version} (its subsystem version), but the newest Windows version is 10.0"
            yield Problem(
                file, message, "Link it with -Wl,--major-subsystem-version,6 -Wl,--minor-subsystem-version,2."
            )


def missing_libraries(linkage: PeLinkage) -> Iterator[Problem]:
    """Yield problems for DLLs that are neither in Windows nor in Python nor in the wheel, or not found there."""
    for file, library in linkage.libraries():
        name = library.name
        inside = linkage.by_name.get(library.name.lower())
        if is_given_library(name):
            continue
        if inside is None:
            message = f"needs {name}, which is neither part of Windows or Python nor in the wheel"
            remedy = f"Make the target that builds {name} a dependency (or give its folder to the repair by"
            yield Problem(file, message, f"{remedy} --library-dir), or link it statically.")
        elif linkage.in_same_folder(file, name) is None and name.lower() not in linkage.loaded_by_hand:
            message = f"needs {name}; the wheel contains it as {inside[0]}, where Windows does not search"
            remedy = "Put it next to the extension, or call os.add_dll_directory in the package's __init__.py."
            yield Problem(file, message, remedy)


def foreign_pythons(linkage: PeLinkage) -> Iterator[Problem]:
    """Yield problems for imports from the DLL of another Python, which would be loaded next to the running one."""
    allowed = python_libraries(linkage.abi)
    for file, library in linkage.libraries():
        if is_python_library(library.name) and library.name.lower() not in allowed:
            wanted = allowed[0] if allowed else "no such DLL"
            tag = linkage.abi or linkage.tree.name.tag
            message = f"imports {some(list(library.symbols))} from {library.name}, but {tag} has {wanted}"
            yield Problem(file, message, f"Link it against {wanted}, or tag the wheel for the Python it was built for.")


def undefined_symbols(linkage: PeLinkage) -> Iterator[Problem]:
    """Yield problems for symbols that a DLL of the wheel should export but does not."""
    for file, library in linkage.libraries():
        providers = linkage.providers(file, library.name)
        if not providers:
            continue
        exports = frozenset().union(*(linkage.tree.pe_files[provider].exports for provider in providers))
        missing = [name for name in library.symbols if not name.startswith("#") and name not in exports]
        if missing:
            message = f"takes {some(missing)} from {library.name}, which does not export it"
            yield Problem(file, message, "Export it there (__declspec(dllexport)), or link both again.")


def clashing_libraries(linkage: PeLinkage) -> Iterator[Problem]:
    """Yield problems for different DLLs of one name: a process uses the first loaded one for all imports of the name.

    It is a problem only if one of them needs a symbol that the other does not have.
    """
    used: dict[str, dict[str, list[tuple[str, ImportedLibrary]]]] = defaultdict(lambda: defaultdict(list))
    for file, library in linkage.libraries():
        own = linkage.in_same_folder(file, library.name)
        if own and linkage.tree.pe_files[file].is_dll:
            used[library.name.lower()][own].append((file, library))
    for users in used.values():
        for own, other in permutations(sorted(users), 2):
            exports = linkage.tree.pe_files[other].exports
            for file, library in users[own]:
                lost = sorted(set(library.symbols) & linkage.tree.pe_files[own].exports - exports)
                if lost:
                    yield clash(file, library.name, own, other, lost)


def wall_clock_stamps(linkage: PeLinkage) -> Iterator[Problem]:
    """Yield problems for files that contain the time of their link, except grafted ones, which are not linked here."""
    for file, pe in linkage.tree.pe_files.items():
        time = datetime.fromtimestamp(pe.time_stamp, timezone.utc)
        if not pe.is_reproducible and not is_grafted(file) and _PLAUSIBLE_TIMES[0] < time < _PLAUSIBLE_TIMES[1]:
            message = f"holds the time at which it was linked ({time:%Y-%m-%d %H:%M:%S} UTC), so two builds differ"
            yield Problem(file, message, "Link it with -Wl,/Brepro (zig: -O2), or with -Wl,--no-insert-timestamp.")
