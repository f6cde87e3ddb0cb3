"""What a wheel's ELF files need of the platform and of other libraries, judged by auditwheel's policies."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from auditwheel.error import InvalidLibc
from auditwheel.lddtree import LIBPYTHON_RE, DynamicExecutable, ldd
from auditwheel.libc import Libc
from auditwheel.policy import ExternalReference
from elftools.common.exceptions import ELFError
from packaging.version import Version

from spokeshave import musl_symbols
from spokeshave.elf import ElfFile, InvalidElfError, read_elf
from spokeshave.errors import Problem
from spokeshave.platforms import LinuxPlatform
from spokeshave.wheel_tree import WheelTree

_ORIGINS = ("$ORIGIN", "${ORIGIN}")
_SHOWN = 6


@dataclass(frozen=True)
class Linkage:
    """The dependency tree of each ELF file, and what of it the platform does not provide.

    ``libraries`` are the ELF files outside the wheel that can be grafted, by soname.
    """

    tree: WheelTree
    platform: LinuxPlatform
    dependencies: Mapping[str, DynamicExecutable]
    references: Mapping[str, ExternalReference]
    libraries: Mapping[str, Path]

    @classmethod
    def read(cls, tree: WheelTree, platform: LinuxPlatform, library_dirs: Iterable[Path] = ()) -> Linkage:
        """Resolve every needed library inside the wheel and the given folders, and nowhere on this machine.

        The folders must lie below the parent of the tree's root (`share_libraries` puts them there).
        """
        dependencies = {file: _dependencies(tree, file, library_dirs) for file in tree.elf_files}
        references = {
            file: platform.policies.lddtree_external_references(found, tree.root)[platform.tag]
            for file, found in dependencies.items()
        }
        found = {name: path for reference in references.values() for name, path in reference.libs.items() if path}
        return cls(tree, platform, dependencies, references, dict(sorted(found.items())))

    def entry_points(self) -> list[str]:
        """The ELF files that no other file of the wheel links to: extensions, programs, libraries opened by name.

        A library that another one links to inherits its search path, so alone it proves nothing.
        """
        needed = {name for elf in self.tree.elf_files.values() for name in elf.needed}
        return [
            file for file, elf in self.tree.elf_files.items() if not needed & {PurePosixPath(file).name, elf.soname}
        ]

    def platform_libraries(self) -> list[str]:
        """The sonames that the wheel takes from the platform."""
        needed = {name for elf in self.tree.elf_files.values() for name in elf.needed}
        return sorted(needed - self.provided())

    def provided(self) -> set[str]:
        """The names by which other files can link to what the wheel holds, or will once libraries are grafted."""
        files = {PurePosixPath(file).name for file in self.tree.elf_files}
        sonames = {elf.soname for elf in self.tree.elf_files.values() if elf.soname}
        return files | sonames | set(self.libraries)

    def platform_versions(self) -> dict[str, dict[str, list[str]]]:
        """The symbol versions asked of the platform: file, version, the names of the symbols."""
        provided = self.provided()
        return {file: _asked_versions(elf, provided) for file, elf in self.files().items()}

    def files(self) -> dict[str, ElfFile]:
        """The wheel's ELF files, and those that it will have once libraries are grafted."""
        return {**self.tree.elf_files, **{name: read_elf(path, name) for name, path in self.libraries.items()}}


def share_libraries(library_dirs: Iterable[Path], root: Path) -> list[Path]:
    """Make folders visible below ``root``, where `Linkage.read` looks."""
    shared = []
    for number, folder in enumerate(library_dirs):
        link = root / f"libraries{number}"
        link.symlink_to(folder.resolve(), target_is_directory=True)
        shared.append(link)
    return shared


def _dependencies(tree: WheelTree, file: str, library_dirs: Iterable[Path]) -> DynamicExecutable:
    # auditwheel's `root` and `ldpaths` keep it from this machine's own libraries and loader configuration.
    braced = [entry[len(_ORIGINS[1]) :] for entry in tree.elf_files[file].search_path if entry.startswith(_ORIGINS[1])]
    here = (tree.root / file).parent
    folders = [os.path.normpath(f"{here}{rest}") for rest in braced] + [str(folder) for folder in library_dirs]
    try:
        return ldd(tree.root / file, root=str(tree.root.parent), ldpaths={"conf": folders, "env": [], "interp": []})
    except ELFError as err:
        message = f"needs a library that is a damaged ELF file ({err})"
        raise InvalidElfError(Problem(file, message, "Build that library again.")) from err
    except InvalidLibc as err:
        message = "needs both glibc and musl, and no system has both"
        raise InvalidElfError(Problem(file, message, "Link everything in it for one platform.")) from err


def _asked_versions(elf: ElfFile, provided: set[str]) -> dict[str, list[str]]:
    asked: dict[str, list[str]] = defaultdict(list)
    for symbol in elf.imports:
        if symbol.library not in provided:
            asked[symbol.version].append(symbol.name)
    return dict(asked)


def newest_versions(versions: Iterable[str]) -> dict[str, str]:
    """The newest of each kind of symbol version: ``{"GLIBC": "2.14"}``."""
    newest: dict[str, str] = {}
    for version in versions:
        kind, _, number = version.partition("_")
        if number.replace(".", "").isdigit() and Version(number) >= Version(newest.get(kind, "0")):
            newest[kind] = number
    return dict(sorted(newest.items()))


def too_new_symbols(linkage: Linkage) -> list[Problem]:
    """Symbol versions that the platform's policy does not have, with the tag that would fit."""
    if linkage.platform.libc is Libc.MUSL:
        return list(_too_new_for_musl(linkage))
    by_file = linkage.platform_versions()
    fitting = linkage.platform.fitting_tag({version for versions in by_file.values() for version in versions})
    return [
        _too_new(linkage.platform, file, version, names, fitting)
        for file, versions in by_file.items()
        for version, names in versions.items()
        if not _allows(linkage.platform, version)
    ]


def _too_new_for_musl(linkage: Linkage) -> Iterator[Problem]:
    files = linkage.files()
    provided = {name for elf in files.values() for name in elf.exports}
    for file, elf in files.items():
        for name in sorted((elf.undefined & musl_symbols.ADDED.keys()) - elf.weak - provided):
            version, floor = (".".join(map(str, number)) for number in (musl_symbols.ADDED[name], musl_symbols.FLOOR))
            message = f"uses {name}, which musl has since {version}, but {linkage.platform.tag} includes musl {floor}"
            remedy = f"Do not use {name}; where a configure script found it, tell it that there is none"
            yield Problem(file, message, f"{remedy} (ac_cv_func_{name}=no).")


def _allows(platform: LinuxPlatform, version: str) -> bool:
    kind, _, number = version.partition("_")
    known = platform.policy.symbol_versions.get(kind)
    return known is None or number in known


def _too_new(platform: LinuxPlatform, file: str, version: str, names: list[str], fitting: str | None) -> Problem:
    symbols = some([name for name in names if name])
    kind = version.partition("_")[0]
    newest = newest_versions(f"{kind}_{number}" for number in platform.policy.symbol_versions[kind]).get(kind, "none")
    uses = f"imports {symbols} of version {version}" if symbols else f"needs {version} of the C library"
    message = f"{uses}, but {platform.tag} has {kind} only up to {newest}"
    avoid = f"do not use {symbols}" if symbols else "link it without what needs that (such as -z pack-relative-relocs)"
    if fitting is None:
        return Problem(file, message, f"No platform tag allows this: {avoid}.")
    return Problem(file, message, f'The wheel fits {fitting}: set platforms=["{fitting}"], or {avoid}.')


def some(names: list[str]) -> str:
    """Names for a message, the first few of many."""
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def forbidden_symbols(linkage: Linkage) -> list[Problem]:
    """Symbols of a permitted library that the policy forbids all the same (zlib's internals)."""
    return [
        Problem(
            file,
            f"imports {some(symbols)} of {library}, which {linkage.platform.tag} forbids",
            f"Link {library} statically, or do not use {some(symbols)}.",
        )
        for file, reference in linkage.references.items()
        for library, symbols in sorted(reference.blacklist.items())
    ]


def missing_libraries(linkage: Linkage) -> list[Problem]:
    """Libraries that neither the platform nor the wheel nor a given folder has."""
    return [
        _missing(linkage, file, name)
        for file in linkage.entry_points()
        for name, path in sorted(linkage.references[file].libs.items())
        if path is None and not LIBPYTHON_RE.match(name)
    ]


def _missing(linkage: Linkage, file: str, name: str) -> Problem:
    users = [user for user, found in linkage.dependencies[file].libraries.items() if name in found.needed]
    needs = f"needs {name}" if name in linkage.dependencies[file].needed else f"needs {name} (through {users[0]})"
    if name == "libc.so" and linkage.platform.libc is Libc.MUSL:
        message = f"{needs}, which is what musl's linker calls {_musl_soname(linkage.platform)}"
        return Problem(file, message, "Repair the wheel, which puts in the name that musllinux systems have.")
    if "/" in name:
        message = f"needs {name} by its path, which exists only where it was linked"
        return Problem(file, message, f"Link that library with -Wl,-soname,{PurePosixPath(name).name}.")
    inside = [other for other in linkage.tree.elf_files if PurePosixPath(other).name == name]
    if inside:
        folder = os.path.relpath(PurePosixPath(inside[0]).parent, PurePosixPath(file).parent)
        message = f"{needs}; the wheel has it as {inside[0]}, but the search path does not lead there"
        return Problem(file, message, f"Link it with -Wl,-rpath,'$ORIGIN/{folder}'.")
    message = (
        f"{needs}, which is not part of {linkage.platform.tag}, not in the wheel and not in a given library folder"
    )
    remedy = (
        f"Make the target that builds {name} a dependency (or give its folder by --library-dir), or link it statically."
    )
    return Problem(file, message, remedy)


def _musl_soname(platform: LinuxPlatform) -> str:
    return next(name for name in platform.policy.whitelist if name.startswith("libc.musl-"))


def foreign_architectures(linkage: Linkage) -> list[Problem]:
    """ELF files of another architecture, or that ask for more instructions than every machine of it has."""
    return [problem for file in linkage.dependencies for problem in _architecture(linkage, file)]


def _architecture(linkage: Linkage, file: str) -> list[Problem]:
    wanted, built = linkage.platform.architecture, linkage.dependencies[file].platform
    try:
        base, extended = built.baseline_architecture, built.extended_architecture
    except ValueError as err:
        return [Problem(file, f"is built for an architecture that no wheel tag names ({err})", "Build it again.")]
    if base != wanted.baseline:
        message = f"is built for {base.value}, but the platform is {linkage.platform.tag}"
        return [Problem(file, message, f"Build it for {wanted.value}, or tag the wheel for {base.value}.")]
    if extended is not None and not wanted.is_superset(extended):
        message = f"says that it needs {extended.value} instructions, which not every {wanted.value} machine has"
        return [Problem(file, message, f"Compile it without -march={extended.value.replace('_', '-')}.")]
    return []


def search_path_fault(entry: str, file: str, origins: tuple[str, ...] = _ORIGINS) -> str | None:
    """What is wrong with an entry of a file's search path; None for one that stays inside the wheel.

    ``origins`` are the words that stand for the file's own folder.
    """
    if not entry:
        return "is empty, which means the current directory"
    origin, _, rest = entry.partition("/")
    if origin not in origins:
        return "is absolute" if entry.startswith("/") else "depends on the current directory"
    parts = PurePosixPath(file).parts
    if parts[0].endswith(".data"):
        if parts[1:2] not in (("purelib",), ("platlib",)):
            return None
        parts = parts[2:]
    target = os.path.normpath(os.path.join("", *parts[:-1], rest.lstrip("/")) or ".")
    return "leads out of the wheel" if target.split("/")[0] == ".." else None
