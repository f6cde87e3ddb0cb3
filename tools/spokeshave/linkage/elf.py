"""The dependencies of a wheel's ELF files on the platform and on other libraries, by auditwheel's policies."""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from auditwheel.error import InvalidLibc
from auditwheel.lddtree import DynamicExecutable, ldd
from packaging.version import Version

from spokeshave.errors import some
from spokeshave.linkage.elf_loader import ElfLoader, Process
from spokeshave.linkage.library_search import ambiguity
from spokeshave.linkage.search_path import search_path_fault
from spokeshave.native.elf.file import MALFORMED, ElfFile, InvalidElfError, damaged, read_elf
from spokeshave.native.elf.sections import copy_without_sections
from spokeshave.policies.linux import LinuxPolicy
from spokeshave.wheel.location import Location
from spokeshave.wheel.modules import find_modules
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.c_library import musl
from spokeshave_core.platform import Platform, System
from spokeshave_core.problems import Problem

# An interpreter does not export the init functions of modules, not even those of its own modules.
PYTHON_SYMBOL = re.compile(r"_?Py(?!Init_|InitU_|ModExport)[A-Z_]\w*")
_ALL = frozenset({"*"})
_PACKED = "packed relocations (DT_RELR)"
# Since then glibc has them (its NEWS). musl has them since 1.2.4 (its WHATSNEW), so each Alpine that still gets fixes
# does, and the libraries of PyPA's images use them: a wheel for musl is not refused for them.
_FIRST_GLIBC_WITH_PACKED = (2, 36)
# Linkers mark a file for glibc that has packed relocations by it, unless they are asked by another option.
_PACKED_VERSION = "GLIBC_ABI_DT_RELR"
_UNPACK = "Link it without -z pack-relative-relocs and --pack-dyn-relocs=relr."


@dataclass(frozen=True)
class ElfLinkage:
    """The effect of loading each ELF file into a process, and its dependencies that the platform does not provide.

    Attributes:
        libraries: The ELF files outside the wheel that can be grafted, by the names that they are needed by.
    """

    tree: WheelTree
    policy: LinuxPolicy
    loader: ElfLoader
    processes: Mapping[str, Process]
    libraries: Mapping[str, Path]

    @classmethod
    def read(cls, tree: WheelTree, platform: Platform, library_dirs: Sequence[Path] = ()) -> ElfLinkage:
        """Resolve needed libraries in the wheel and the given directories, but not elsewhere on this machine."""
        policy = LinuxPolicy.of(platform)
        loader = ElfLoader(tree, policy, library_dirs)
        processes = {file: loader.load(file) for file in tree.elf_files}
        outside = {
            name: Path(provider)
            for process in processes.values()
            for (_, name), provider in process.providers.items()
            if provider not in tree.elf_files
        }
        return cls(
            tree=tree, policy=policy, loader=loader, processes=processes, libraries=dict(sorted(outside.items()))
        )

    @property
    def platform(self) -> Platform:
        """The platform that the wheel is for."""
        return self.policy.platform

    def outside(self, file: str) -> list[str]:
        """Return the libraries outside the wheel that loading a file needs."""
        process = self.processes[file]
        return [name for (_, name), provider in process.providers.items() if provider not in self.tree.elf_files]

    def taken_outside(self, file: str) -> set[str]:
        """Return the libraries that a file uses from outside the wheel. Other files may find these names inside."""
        return {
            name
            for root in self.entry_points
            for (user, name), provider in self.processes[root].providers.items()
            if user == file and provider not in self.tree.elf_files
        }

    @cached_property
    def modules(self) -> frozenset[str]:
        """Return the extension modules. Python loads them whether or not others link to them."""
        return frozenset(module.file for module in find_modules(self.tree.installed, self.tree.native_files))

    @cached_property
    def entry_points(self) -> list[str]:
        """Return the ELF files that are loaded first: extensions, programs, and libraries opened by name.

        A library that another one links to inherits its search path and is therefore not checked by itself. Files that
        none of these loads, such as a second library of a name or libraries that need each other, are loaded first as
        well.
        """
        files = self.tree.elf_files
        needed = {name for elf in files.values() for name in elf.needed}
        found = [f for f, elf in files.items() if f in self.modules or not needed & {PurePosixPath(f).name, elf.soname}]
        reached = {other for file in found for other in self.processes[file].files}
        # Of libraries that need each other, one that finds the others shows how they are meant to be opened.
        for file in sorted(files, key=lambda file: len(self.processes[file].missing)):
            if file not in reached:
                found.append(file)
                reached |= self.processes[file].files.keys()
        return found

    @cached_property
    def exports(self) -> frozenset[str]:
        """Return every symbol that a file of the wheel provides."""
        return frozenset().union(*(elf.exports for elf in self.tree.elf_files.values()))

    def platform_libraries(self) -> list[str]:
        """Return the sonames that the wheel takes from the platform."""
        needed = {name for elf in self.tree.elf_files.values() for name in elf.needed}
        return sorted(needed - self.provided())

    def provided(self) -> set[str]:
        """Return the names by which other files can link to libraries in the wheel, including those to graft."""
        files = {PurePosixPath(file).name for file in self.tree.elf_files}
        sonames = {elf.soname for elf in self.tree.elf_files.values() if elf.soname}
        return files | sonames | set(self.libraries)

    def newest(self) -> dict[str, str]:
        """The newest of each kind of symbol version that is asked of the platform."""
        return newest_versions(version for file in self.platform_versions().values() for version in file)

    def platform_versions(self) -> dict[str, dict[str, list[str]]]:
        """Return the required symbol versions of the platform: file, version, the names of the symbols."""
        provided = self.provided()
        return {file: _asked_versions(elf, provided) for file, elf in self.files().items()}

    def files(self) -> dict[str, ElfFile]:
        """Return the wheel's ELF files, and those that it will contain after grafting."""
        return {**self.tree.elf_files, **{name: read_elf(path, name) for name, path in self.libraries.items()}}


def _asked_versions(elf: ElfFile, provided: set[str]) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = defaultdict(list)
    for symbol in elf.imports:
        if symbol.library not in provided:
            asked[symbol.version].append(symbol.name)
    return dict(asked)


def newest_versions(versions: Iterable[str]) -> dict[str, str]:
    """Return the newest of each kind of symbol version: `{"GLIBC": "2.14"}`."""
    newest: dict[str, str] = {}
    for version in versions:
        kind, _, number = version.partition("_")
        if number.replace(".", "").isdigit() and Version(number) >= Version(newest.get(kind, "0")):
            newest[kind] = number
    return dict(sorted(newest.items()))


def too_new_symbols(linkage: ElfLinkage) -> list[Problem]:
    """Return problems for symbol versions that the platform's policy does not have, with the tag that has them."""
    if linkage.platform.system is System.MUSL:
        return list(_too_new_for_musl(linkage))
    by_file = linkage.platform_versions()
    fitting = linkage.policy.fitting_tag({version for versions in by_file.values() for version in versions})
    return [
        _too_new(linkage.policy, file, version, names, fitting)
        for file, versions in by_file.items()
        for version, names in versions.items()
        if not _allows(linkage.policy, version)
    ] + list(_packed_relocations(linkage))


def _too_new_for_musl(linkage: ElfLinkage) -> Iterator[Problem]:
    files = linkage.files()
    provided = {name for elf in files.values() for name in elf.exports}
    for file, elf in files.items():
        for name in sorted((elf.undefined & musl.ADDED.keys()) - elf.weak - provided):
            version = musl.release_text(musl.ADDED[name])
            floor = musl.release_text(musl.FLOOR)
            message = f"uses {name}, which musl has since {version}, but {linkage.platform.tag} includes musl {floor}"
            remedy = f"Do not use {name}; if a configure script detected it, override the result of its check"
            yield Problem(file, message, f"{remedy} (ac_cv_func_{name}=no).")


def _packed_relocations(linkage: ElfLinkage) -> Iterator[Problem]:
    """Yield the files whose relocations the oldest glibc of the platform ignores, so that using them crashes."""
    platform = linkage.platform
    floor = platform.floor or (0, 0)
    if floor >= _FIRST_GLIBC_WITH_PACKED:
        return
    first, oldest = (".".join(map(str, version)) for version in (_FIRST_GLIBC_WITH_PACKED, floor))
    for file, elf in linkage.files().items():
        if elf.has_packed_relocations and _PACKED_VERSION not in elf.versions:
            message = f"has {_PACKED}, which glibc reads since {first}, but {platform.tag} includes glibc {oldest}"
            yield Problem(file, message, _UNPACK)


def _allows(policy: LinuxPolicy, version: str) -> bool:
    kind, _, number = version.partition("_")
    known = policy.allowed_versions.get(kind)
    return known is None or number in known


def _too_new(policy: LinuxPolicy, file: str, version: str, names: list[str], fitting: str | None) -> Problem:
    symbols = some([name for name in names if name])
    kind = version.partition("_")[0]
    newest = newest_versions(f"{kind}_{number}" for number in policy.allowed_versions[kind]).get(kind, "none")
    uses = f"imports {symbols} of version {version}" if symbols else f"needs {version} of the C library"
    message = f"{uses}, but {policy.platform.tag} has {kind} only up to {newest}"
    avoid = (
        f"do not use {symbols}"
        if symbols
        else "link it without features that need it (such as -z pack-relative-relocs)"
    )
    if fitting is None:
        return Problem(file, message, f"No platform tag allows this: {avoid}.")
    return Problem(file, message, f'The wheel fits {fitting}: set platforms=["{fitting}"], or {avoid}.')


def clash(user: str, name: str, own: str, other: str, lost: list[str]) -> Problem:
    """Return the problem of a library that another one with the same name replaces."""
    message = (
        f"needs {own}, but if {other} is loaded first it is used instead, because both are named {name};"
        f" it does not define {some(lost)}"
    )
    return Problem(user, message, "Give each library a name of its own (its soname).")


def forbidden_symbols(linkage: ElfLinkage) -> list[Problem]:
    """Return problems for symbols that the policy forbids although their library is allowed (zlib's internals)."""
    return [
        Problem(
            file,
            f"imports {some(symbols)} of {library}, which {linkage.platform.tag} forbids",
            f"Link {library} statically, or do not use {some(symbols)}.",
        )
        for file, process in linkage.processes.items()
        for library, symbols in _forbidden(linkage, file, process)
    ]


def _forbidden(linkage: ElfLinkage, file: str, process: Process) -> Iterator[tuple[str, list[str]]]:
    elf = linkage.tree.elf_files[file]
    for library, names in sorted(linkage.policy.forbidden_symbols.items()):
        used = names & elf.undefined if library in elf.needed and library in process.platform else frozenset()
        found = sorted(used - process.exports) if used else []
        if found:
            yield library, found


def ambiguous_libraries(linkage: ElfLinkage) -> list[Problem]:
    """Return problems for libraries in several of the given directories, because only one could be grafted."""
    found = (ambiguity(name, linkage.loader.candidates(name)) for name in linkage.libraries)
    return [problem for problem in found if problem]


def python_libraries(linkage: ElfLinkage) -> list[Problem]:
    """Return problems for libraries of an interpreter, which most installations lack or have in another directory."""
    return [
        Problem(
            user,
            f"is linked to an interpreter library ({name}), which most installations do not have",
            "Link it without libpython, or repair the wheel; the repair removes the entry.",
        )
        for process in linkage.processes.values()
        for name, user in process.pythons.items()
    ]


def missing_libraries(linkage: ElfLinkage) -> list[Problem]:
    """Return problems for libraries that neither the platform nor the wheel nor a given directory has."""
    return [
        _missing(linkage, file, name)
        for file in linkage.entry_points
        for name in sorted(linkage.processes[file].missing)
    ]


def _missing(linkage: ElfLinkage, file: str, name: str) -> Problem:
    user = linkage.processes[file].missing[name]
    needs = f"needs {name}" if user == file else f"needs {name} (through {PurePosixPath(user).name})"
    if "/" in name:
        message = f"needs {name} by its path, which exists only where it was linked"
        return Problem(file, message, f"Link that library with -Wl,-soname,{PurePosixPath(name).name}.")
    tree = linkage.tree
    inside = [other for other in tree.elf_files if PurePosixPath(other).name == name]
    if inside:
        message = f"{needs}; the wheel contains it as {inside[0]}, but the search path does not contain that folder"
        return Problem(file, message, _lead_to(tree, user if user in tree.elf_files else file, inside[0]))
    message = (
        f"{needs}, which is not part of {linkage.platform.tag}, not in the wheel and not in a given library folder"
    )
    remedy = (
        f"Make the target that builds {name} a dependency (or give its folder by --library-dir), or link it statically."
    )
    return Problem(file, message, remedy)


def search_paths(linkage: ElfLinkage) -> Iterator[Problem]:
    """Entries of search paths that work on one machine only."""
    for file, elf in linkage.tree.elf_files.items():
        for entry in dict.fromkeys(elf.search_path):
            fault = search_path_fault(entry, file)
            if fault:
                message = f"looks for libraries in {entry!r}, which {fault}"
                remedy = (
                    "Link with a path that begins with $ORIGIN, or repair the wheel; the repair removes such entries."
                )
                yield Problem(file, message, remedy)


def _lead_to(tree: WheelTree, file: str, library: str) -> str:
    file_location = tree.locations.get(file)
    library_location = tree.locations.get(library)
    folder = library_location.folder.path_from(file_location.folder) if file_location and library_location else None
    if file_location is None or library_location is None or folder is None:
        return apart_remedy(library, library_location, file_location)
    return f"Link it with -Wl,-rpath,$ORIGIN{'' if folder == '.' else f'/{folder}'}."


def apart_remedy(library: str, library_location: Location | None, file_location: Location | None) -> str:
    """Return what to do about a library that is installed below another root than the file that needs it."""
    name = PurePosixPath(library).name
    if library_location is None or file_location is None:
        lost = name if library_location is None else "the file"
        return f"Put {name} into a package, next to the file that needs it: {lost} is not installed."
    return (
        f"Put {name} into a package, next to the file that needs it: it is installed in "
        f"{library_location.root.value}, the file in {file_location.root.value}, "
        "and the relative path between them differs between installations (pip's --target, "
        f"--user)."
    )


def foreign_architectures(linkage: ElfLinkage) -> list[Problem]:
    """Return problems for ELF files of another architecture, or with instructions that not all of its machines have."""
    return [problem for file in linkage.processes for problem in _architecture(linkage, file)]


def _architecture(linkage: ElfLinkage, file: str) -> list[Problem]:
    wanted = linkage.policy.architecture
    built = _headers(linkage.tree, file).platform
    try:
        base = built.baseline_architecture
        extended = built.extended_architecture
    except ValueError as err:
        return [Problem(file, f"is built for an architecture that no wheel tag names ({err})", "Build it again.")]
    if base != wanted.baseline:
        message = f"is built for {base.value}, but the platform is {linkage.platform.tag}"
        return [Problem(file, message, f"Build it for {wanted.value}, or tag the wheel for {base.value}.")]
    if extended is not None and not wanted.is_superset(extended):
        message = f"requires {extended.value} instructions, which some {wanted.value} machines do not have"
        return [Problem(file, message, f"Compile it without -march={extended.value.replace('_', '-')}.")]
    return []


def _headers(tree: WheelTree, file: str) -> DynamicExecutable:
    """Return auditwheel's view of a file's headers, without a search for libraries."""
    path = tree.root / file
    try:
        try:
            return _read_headers(tree, path)
        except MALFORMED:
            with tempfile.TemporaryDirectory(prefix="spokeshave-headers-") as folder:
                return _read_headers(tree, copy_without_sections(path, Path(folder) / path.name))
    except MALFORMED as err:
        raise damaged(file, err) from err
    except InvalidLibc as err:
        message = "needs both glibc and musl, and no system has both"
        raise InvalidElfError(Problem(file, message, "Link everything in it for one platform.")) from err


def _read_headers(tree: WheelTree, path: Path) -> DynamicExecutable:
    return ldd(path, root=str(tree.root), ldpaths={"conf": [], "env": [], "interp": []}, exclude=_ALL)
