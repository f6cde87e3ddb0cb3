"""The dependencies of a wheel's Mach-O files on macOS, on Python and on each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from pathlib import PurePosixPath
from posixpath import basename

from spokeshave.errors import some
from spokeshave.linkage.elf import PYTHON_SYMBOL, apart_remedy
from spokeshave.linkage.library_calls import LibraryCalls, LibraryFile
from spokeshave.linkage.search_path import search_path_fault
from spokeshave.native.macho.file import Kind, MachOSlice, NeededLibrary
from spokeshave.native.macho.signature import signature_fault
from spokeshave.native.macho.symbols import ImportedName, Ordinal
from spokeshave.wheel.location import Location
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.c_library import macos
from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problem

LOADER_PATHS = ("@loader_path",)
_SYSTEM_FOLDERS = ("/usr/lib/", "/System/Library/")
# delocate's name for libraries that it copies. No such directory exists.
_NEUTRAL_NAMES = ("@", "/DLC/")
_PYTHON_LIBRARY = re.compile(r"(.*/)?(Python\d?T?|libpython\d\.\d+t?(\.dylib)?)")
_OBJECTIVE_C = re.compile(r"_?objc_|OBJC_")
_OBJECTIVE_C_LIBRARIES = ("/System/Library/Frameworks/", "/usr/lib/libobjc.")
# CPython for macOS is linked with this framework (`LIBS` of `sysconfig`), so its symbols are always loaded.
_CORE_FOUNDATION = re.compile(r"k?CF[A-Z]\w*|__CF[A-Z]\w*")
_MUST_BE_SIGNED = "arm64"
_FIRST_ARM = (11, 0)

_SliceFinder = Callable[["MachOLinkage", str, MachOSlice], Iterator[Problem]]


@dataclass(frozen=True)
class MachOLinkage:
    """The Mach-O files of a wheel, and the paths by which they find each other."""

    tree: WheelTree
    platform: Platform

    def platform_libraries(self) -> list[str]:
        """The names of the libraries that the files take from macOS."""
        return sorted(
            {name for file in self.tree.macho_files.values() for name in file.needed if is_system_library(name)}
        )

    def newest(self) -> dict[str, str]:
        """The newest macOS that a slice asks for."""
        files = self.tree.macho_files.values()
        versions = [part.minimum_version for macho in files for part in macho.slices if part.minimum_version]
        return {"macOS": "{}.{}".format(*max(versions))} if versions else {}

    def slices(self, file: str) -> list[MachOSlice]:
        """Return a file's slices for the platform's architectures."""
        return [part for part in self.tree.macho_files[file].slices if part.architecture in self.platform.architectures]

    def find(self, file: str, name: str, architecture: str) -> str | None:
        """Return the file of the wheel that a library's name refers to from another file."""
        return self._search(file, name, architecture) or self._loaded_by_hand.get(name)

    def _search(self, file: str, name: str, architecture: str) -> str | None:
        file_location = self.tree.locations.get(file)
        prefix, _, rest = name.partition("/")
        if prefix == "@loader_path":
            folders = [file_location.folder] if file_location else []
        elif prefix == "@rpath":
            folders = [folder for loader in self._loaders(file) for folder in self._rpaths(loader, architecture)]
        else:
            folders = []
        paths = (location for location in (folder.find(rest) for folder in folders) if location)
        return next((self.tree.by_location[path] for path in paths if path in self.tree.by_location), None)

    @cached_property
    def _loaded_by_hand(self) -> dict[str, str]:
        """Return the wheel's libraries by install name if one of its modules loads libraries explicitly."""
        libraries = {file: self._library(file) for file in self.tree.macho_files}
        loaded = LibraryCalls(self.tree).loaded(libraries, self._find_alone)
        return {name: file for file, library in loaded.items() for name in library.names}

    def _find_alone(self, file: str, name: str) -> str | None:
        """Return the file that a name refers to by the file's own search path, in any of its slices."""
        found = (self._search(file, name, part.architecture) for part in self.slices(file))
        return next(filter(None, found), None)

    def _library(self, file: str) -> LibraryFile:
        parts = self.slices(file)
        names = frozenset(part.install_name for part in parts if part.install_name)
        return LibraryFile(names, frozenset(name for part in parts for name in part.needed))

    def _rpaths(self, file: str, architecture: str) -> list[Location]:
        """Return the directories of the wheel in a file's search path."""
        file_location = self.tree.locations.get(file)
        parts = [part for part in self.slices(file) if part.architecture == architecture]
        entries = [entry.partition("/") for part in parts for entry in part.rpaths]
        found = [
            file_location.folder.find(rest) for prefix, _, rest in entries if file_location and prefix in LOADER_PATHS
        ]
        return [folder for folder in found if folder]

    def loaded_with(self, file: str, architecture: str) -> list[str]:
        """Return a file, the files that load it, and all dependencies of these."""
        found = self._loaders(file)
        pending = list(found)
        while pending:
            user = pending.pop()
            needed = {name for part in self.slices(user) if part.architecture == architecture for name in part.needed}
            new = {self.find(user, name, architecture) for name in needed if not is_system_library(name)}
            pending += [name for name in new if name and name not in found]
            found += [name for name in new if name and name not in found]
        return found

    def _loaders(self, file: str) -> list[str]:
        """Return a file and those that load it, because the loader also uses their search paths."""
        found = [file]
        pending = [file]
        while pending:
            name = basename(pending.pop())
            new = [other for other in self._users[name] if other not in found]
            found += new
            pending += new
        return found

    @cached_property
    def _users(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = defaultdict(list)
        for file in self.tree.macho_files:
            for name in {basename(name) for part in self.slices(file) for name in part.needed}:
                users[name].append(file)
        return users


def is_system_library(name: str) -> bool:
    """Return whether macOS has the library of an install name."""
    return name.startswith(_SYSTEM_FOLDERS)


def _in_slices(find: _SliceFinder) -> Callable[[MachOLinkage], list[Problem]]:
    """What `find` reports of the slices that the platform has; once where it is so in every slice of a file."""

    @wraps(find)
    def found(linkage: MachOLinkage) -> list[Problem]:
        return [problem for file in linkage.tree.macho_files for problem in _in_file(linkage, file, find)]

    return found


def _in_file(linkage: MachOLinkage, file: str, find: _SliceFinder) -> Iterator[Problem]:
    found = {part.architecture: list(find(linkage, file, part)) for part in linkage.slices(file)}
    for problem in dict.fromkeys(problem for problems in found.values() for problem in problems):
        having = [architecture for architecture, problems in found.items() if problem in problems]
        alone = len(having) < len(linkage.tree.macho_files[file].slices)
        yield replace(problem, message=f"{problem.message} (its {having[0]} slice)") if alone else problem


def missing_slices(linkage: MachOLinkage) -> list[Problem]:
    """Return problems for files without an architecture of the tag."""
    problems = []
    for file, macho in linkage.tree.macho_files.items():
        missing = [name for name in linkage.platform.architectures if name not in macho.architectures]
        if missing:
            message = f"is built for {', '.join(macho.architectures)}, but the platform is {linkage.platform.tag}"
            remedy = (
                f"Build it for {' and '.join(missing)} too and join the two by `spokeshave fuse`, or retag the wheel."
            )
            problems.append(Problem(file, message, remedy))
    return problems


@_in_slices
def foreign_systems(_: MachOLinkage, file: str, part: MachOSlice) -> Iterator[Problem]:
    """Yield problems for slices that are for another system, such as iOS."""
    if part.system != "macOS":
        yield Problem(file, f"is built for {part.system}", "Build it for macOS: -target ARCH-macos.11.0.")


@_in_slices
def too_new_systems(linkage: MachOLinkage, file: str, part: MachOSlice) -> Iterator[Problem]:
    """Yield problems for slices that need a newer macOS than the tag promises, or do not state one."""
    floor = _floor(linkage, part)
    asked = part.minimum_version
    target = f"-target …-macos.{floor[0]}.{floor[1]} (MACOSX_DEPLOYMENT_TARGET={floor[0]}.{floor[1]})"
    if asked is None:
        yield Problem(file, "does not declare the macOS version that it needs", f"Link it with {target}.")
    elif asked > floor:
        major = asked[0] + bool(asked[1])
        fitting = f"macosx_{major}_0" if asked > _FIRST_ARM else f"macosx_{asked[0]}_{asked[1]}"
        tag = linkage.platform.tag.replace("macosx_{}_{}".format(*(linkage.platform.floor or (0, 0))), fitting)
        message = f"needs macOS {asked[0]}.{asked[1]}, but the platform is {linkage.platform.tag}"
        yield Problem(file, message, f'Compile and link it with {target}, or set platforms=["{tag}"].')


def _floor(linkage: MachOLinkage, part: MachOSlice) -> tuple[int, int]:
    """Return the oldest macOS that a slice has to work on."""
    floor = linkage.platform.floor or (0, 0)
    return max(floor, _FIRST_ARM) if part.architecture == _MUST_BE_SIGNED else floor


@_in_slices
def too_new_functions(linkage: MachOLinkage, file: str, part: MachOSlice) -> Iterator[Problem]:
    """Yield problems for functions of a newer macOS than the tag promises, without which a file does not load."""
    floor = _floor(linkage, part)
    for symbol in sorted(part.imports):
        since = macos.added_in(symbol.name)
        if since is None or since <= floor or symbol.is_weak or not _is_of_system(linkage, file, part, symbol):
            continue
        yield _newer_function(linkage, file, symbol.name, since, floor)


def _newer_function(
    linkage: MachOLinkage, file: str, name: str, since: macos.MacosVersion, floor: tuple[int, int]
) -> Problem:
    first = macos.release_text(since)
    oldest = macos.release_text(floor)
    tag = linkage.platform.tag
    message = f"uses {name}, which macOS has since {first}, but {tag} includes macOS {oldest}, which does not load it"
    remedy = (
        f"Do not use {name} there; if a configure script detected it, override the result of its check "
        f"(ac_cv_func_{name}=no). Code that asks by `__builtin_available` and includes the header has a weak import, "
        "which is fine."
    )
    return Problem(file, message, remedy)


def _is_of_system(linkage: MachOLinkage, file: str, part: MachOSlice, symbol: ImportedName) -> bool:
    """Return whether a symbol is taken from macOS: from a library of its own, or from none that the wheel contains."""
    provider = part.provider(symbol) if part.is_two_level else None
    if provider is not None:
        return is_system_library(provider)
    together = linkage.loaded_with(file, part.architecture)
    return not any(symbol.name in other.exports for name in together for other in linkage.slices(name))


@_in_slices
def missing_libraries(linkage: MachOLinkage, file: str, part: MachOSlice) -> Iterator[Problem]:
    """Yield problems for libraries that the loader finds neither in macOS nor in the wheel."""
    for library in part.libraries:
        is_found = is_system_library(library.name) or linkage.find(file, library.name, part.architecture) is not None
        if not is_found and library.load_kind != "weak":
            yield _missing(linkage, file, library)


def _missing(linkage: MachOLinkage, file: str, library: NeededLibrary) -> Problem:
    name = library.name
    inside = [f for f in linkage.tree.macho_files if basename(f) == basename(library.name)]
    if _PYTHON_LIBRARY.fullmatch(name):
        message = f"is linked to an interpreter ({name}), which other installations do not have at that path"
        return Problem(file, message, "Link it without libpython, by -undefined dynamic_lookup.")
    if inside:
        message = f"needs {name}; the wheel contains it as {inside[0]}, but that name does not resolve to it"
        file_location = linkage.tree.locations.get(file)
        library_location = linkage.tree.locations.get(inside[0])
        folder = library_location.folder.path_from(file_location.folder) if file_location and library_location else None
        if folder is None:
            return Problem(file, message, apart_remedy(inside[0], library_location, file_location))
        remedy = f"Give the library the install name @rpath/{basename(name)}, and link with -Wl,-rpath,@loader_path"
        return Problem(file, message, f"{remedy}{'' if folder == '.' else f'/{folder}'}.")
    if name.startswith("@"):
        message = f"needs {name}, which is neither part of macOS nor in the wheel"
    else:
        message = f"needs {name} by its path, which exists only where it was linked"
    remedy = f"Make the target that builds {basename(name)} a dependency (or give its folder to the repair by"
    return Problem(file, message, f"{remedy} --library-dir), or link it statically.")


@_in_slices
def undefined_symbols(linkage: MachOLinkage, file: str, part: MachOSlice) -> Iterator[Problem]:
    """Yield problems for symbols that nothing provides: neither Python, by any loaded file, nor the named library.

    In a file that was linked for a flat namespace any library may provide a symbol, including those of macOS.
    """
    missing: dict[str | None, list[str]] = defaultdict(list)
    for symbol in part.imports if part.is_two_level else ():
        provider = part.provider(symbol)
        if symbol.is_weak or symbol.ordinal == Ordinal.WEAK_LOOKUP or symbol.name in part.exports:
            continue
        if provider is None:
            if not _may_be_loaded(linkage, file, part, symbol.name):
                missing[None].append(symbol.name)
        elif not _provides(linkage, file, provider, part.architecture, symbol.name):
            missing[provider].append(symbol.name)
    for library, names in missing.items():
        if library is None:
            message = f"uses {some(names)}, which neither it nor Python defines"
            remedy = "Link the object or library that defines it; -undefined dynamic_lookup hid that it was missing."
        else:
            message = f"takes {some(names)} from {library}, which does not export it"
            remedy = "Export it there (default visibility), or link both again, against each other."
        yield Problem(file, message, remedy)


def _may_be_loaded(linkage: MachOLinkage, file: str, part: MachOSlice, symbol: str) -> bool:
    """Return whether Python with its framework, the Objective-C runtime, or libraries loaded with a file have it."""
    if PYTHON_SYMBOL.fullmatch(symbol) or _CORE_FOUNDATION.fullmatch(symbol) or macos.added_in(symbol):
        return True
    if _OBJECTIVE_C.match(symbol) and any(name.startswith(_OBJECTIVE_C_LIBRARIES) for name in part.needed):
        return True
    together = linkage.loaded_with(file, part.architecture)
    return any(symbol in other.exports for name in together for other in linkage.slices(name))


def _provides(linkage: MachOLinkage, file: str, library: str, architecture: str, symbol: str) -> bool:
    found = linkage.find(file, library, architecture)
    parts = [part for part in linkage.slices(found) if part.architecture == architecture] if found else []
    # Missing libraries are reported elsewhere. Libraries with re-exports declare those elsewhere.
    return not parts or any(symbol in part.exports or _passes_on(part) for part in parts)


def _passes_on(part: MachOSlice) -> bool:
    return any(library.load_kind == "reexport" for library in part.libraries)


@_in_slices
def build_install_names(_: MachOLinkage, file: str, part: MachOSlice) -> Iterator[Problem]:
    """Yield problems for libraries whose own name is a path of the machine that linked them."""
    name = part.install_name
    if part.kind is Kind.DYLIB and name and "/" in name and not name.startswith(_NEUTRAL_NAMES):
        message = f"has the install name {name}, a path of the machine that linked it"
        yield Problem(file, message, f"Link it with -Wl,-install_name,@rpath/{PurePosixPath(file).name}.")


@_in_slices
def search_paths(_: MachOLinkage, file: str, part: MachOSlice) -> Iterator[Problem]:
    """Yield problems for entries of the search path that work on one machine only."""
    for entry in dict.fromkeys(part.rpaths):
        fault = search_path_fault(entry, file, LOADER_PATHS)
        if fault:
            remedy = (
                "Link with a path that begins with @loader_path, or repair the wheel; the repair removes such entries."
            )
            yield Problem(file, f"looks for libraries in {entry!r}, which {fault}", remedy)


@_in_slices
def bad_signatures(linkage: MachOLinkage, file: str, part: MachOSlice) -> Iterator[Problem]:
    """Yield problems for slices without a signature that their processor requires, or with an invalid one."""
    if part.signature is None and part.architecture != _MUST_BE_SIGNED:
        return
    fault = signature_fault(linkage.tree.root / file, part)
    if fault:
        remedy = "Sign it again after its last modification, or repair the wheel; the repair signs it."
        yield Problem(file, f"{fault}, so macOS kills the process that loads it", remedy)
