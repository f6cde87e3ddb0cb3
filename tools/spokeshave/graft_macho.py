"""Grafting for macOS: Mach-O files, whose load commands lead to the libraries that were copied in.

Grafted libraries lie in ``NAME.dylibs``, beside the packages, and are named from where the file that needs them lies
(``@loader_path``). delocate does the same with Apple's programs, which only macOS has.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    is_python_library,
    missing_library,
)
from spokeshave.macho import MachOFile, read_macho
from spokeshave.macho_edit import MachOEdits, edit_macho
from spokeshave.platforms import MacPlatform
from spokeshave.wheel_tree import WheelTree, read_tree

_LIBRARY_FOLDER = ".dylibs"
_SYSTEM_FOLDERS = ("/usr/lib/", "/System/Library/")
_LOADER_PATH, _RPATH = "@loader_path/", "@rpath/"
_FIRST_ARM_VERSION = (11, 0)


@dataclass(frozen=True)
class MacLinkage:
    """Where the files of a wheel find their libraries: in the wheel, in macOS, or outside in the given folders."""

    tree: WheelTree
    library_dirs: Sequence[Path]

    @cached_property
    def installed_paths(self) -> dict[str, str]:
        """Where each Mach-O file lies once it is installed; programs of the scripts folder lie far from the rest."""
        installed = {file: path for path, file in self.tree.installed.items()}
        return {file: installed[file] for file in self.tree.macho_files if file in installed}

    @cached_property
    def libraries(self) -> dict[str, Path]:
        """The libraries outside of the wheel that can be grafted, by their file names; theirs too."""
        found: dict[str, Path] = {}
        pending = [name for file in self.tree.macho_files for name in self.outside(file)]
        while pending:
            base = PurePosixPath(pending.pop()).name
            path = None if base in found else find_library(base, self.library_dirs)
            if path is not None:
                found[base] = path
                pending += [name for name in _needed(read_macho(path, base)) if not is_system_library(name)]
        return dict(sorted(found.items()))

    @cached_property
    def outside_files(self) -> dict[str, MachOFile]:
        """The libraries to graft, read."""
        return {base: read_macho(path, base) for base, path in self.libraries.items()}

    def has(self, name: str) -> bool:
        """Whether a library to graft goes by this name."""
        return PurePosixPath(name).name in self.libraries

    def outside(self, file: str) -> list[str]:
        """The libraries that a file of the wheel needs, and that neither macOS nor the wheel has."""
        return [
            name
            for name in _needed(self.tree.macho_files[file])
            if not is_system_library(name) and self.inside(file, name) is None
        ]

    def inside(self, file: str, name: str) -> str | None:
        """The installed path of the wheel's file that a name leads to; None where it leads to none."""
        places = set(self.installed_paths.values())
        return next((place for place in self._candidates(file, name) if place in places), None)

    def _candidates(self, file: str, name: str) -> Iterator[str]:
        if name.startswith(_RPATH):
            for loader in [file, *self._loaders(file)]:
                for entry in _rpaths(self.tree.macho_files[loader]):
                    yield from self._from_loader(loader, f"{entry}/{name[len(_RPATH) :]}")
        else:
            yield from self._from_loader(file, name)

    def _from_loader(self, file: str, name: str) -> Iterator[str]:
        if name.startswith(_LOADER_PATH) and file in self.installed_paths:
            folder = PurePosixPath(self.installed_paths[file]).parent
            yield os.path.normpath(folder / name[len(_LOADER_PATH) :])

    def _loaders(self, file: str) -> list[str]:
        """The files of the wheel that need a file, directly or through others; it inherits their search paths."""
        found: list[str] = []
        pending = [file]
        while pending:
            base = PurePosixPath(pending.pop()).name
            users = [user for user in self.tree.macho_files if base in _base_names(self.tree.macho_files[user])]
            pending += [user for user in users if user not in found]
            found += [user for user in users if user not in found]
        return found


def graft_macho(tree: WheelTree, platform: MacPlatform, library_dirs: Sequence[Path]) -> GraftedTree:
    """Make a wheel fit a macOS platform; raises `UnrepairableWheelError` with every reason why it cannot be."""
    linkage = MacLinkage(tree, library_dirs)
    _check(linkage, platform)
    folder = f"{tree.name.name}{_LIBRARY_FOLDER}"
    paths = {base: f"{folder}/{hashed_name(path)}" for base, path in linkage.libraries.items()}
    for base, path in paths.items():
        copy_library(linkage.libraries[base], tree.root / path)
    problems = Problems()
    for file in tree.macho_files:
        with problems.collecting():
            edit_macho(tree.root / file, file, _edits_of_file(linkage, file, paths))
    for base, path in paths.items():
        with problems.collecting():
            edit_macho(tree.root / path, base, _edits_of_library(path, paths))
    problems.raise_if_any(UnrepairableWheelError)
    final = read_tree(tree.name, tree.root)
    grafted = tuple(grafted_library(final, base, path) for base, path in paths.items())
    return GraftedTree(final, grafted, tuple(_system_libraries(final)), _newest(final.macho_files.values()))


def is_system_library(name: str) -> bool:
    """Whether macOS has a library, so that it is never copied."""
    return name.startswith(_SYSTEM_FOLDERS)


def _check(linkage: MacLinkage, platform: MacPlatform) -> None:
    files = {**linkage.tree.macho_files, **linkage.outside_files}
    problems = [
        *(problem for file, macho in files.items() for problem in _architecture(file, macho, platform)),
        *_missing(linkage, platform),
        *_unreachable(linkage),
        *(problem for file, macho in files.items() for problem in _too_new(file, macho, platform)),
    ]
    if problems:
        raise UnrepairableWheelError(*dict.fromkeys(problems))


def _architecture(file: str, macho: MachOFile, platform: MacPlatform) -> list[Problem]:
    if set(platform.architectures) <= set(macho.architectures):
        return []
    return [foreign_architecture(file, macho.architectures, platform.architectures, platform.tag)]


def _missing(linkage: MacLinkage, platform: MacPlatform) -> Iterator[Problem]:
    for file in linkage.tree.macho_files:
        yield from (_fault(file, name, linkage, platform) for name in linkage.outside(file) if not linkage.has(name))
    for base, macho in linkage.outside_files.items():
        names = [name for name in _needed(macho) if not is_system_library(name) and not linkage.has(name)]
        yield from (missing_library(base, name, platform.tag) for name in names)


def _fault(file: str, name: str, linkage: MacLinkage, platform: MacPlatform) -> Problem:
    inside = {PurePosixPath(path).name: path for path in linkage.tree.macho_files}.get(PurePosixPath(name).name)
    if is_python_library(name):
        remedy = "Link it with -Wl,-undefined,dynamic_lookup and without Python's library."
        return Problem(file, f"is linked to {name}, but any Python may load it", remedy)
    if inside is None:
        return missing_library(file, name, platform.tag)
    folder = os.path.relpath(PurePosixPath(inside).parent, PurePosixPath(file).parent)
    message = f"needs {name}; the wheel has it as {inside}, but the search path does not lead there"
    return Problem(file, message, f"Link it with -Wl,-rpath,@loader_path/{folder}.")


def _unreachable(linkage: MacLinkage) -> Iterator[Problem]:
    """Programs that are installed where no relative path leads to the libraries from."""
    for file in linkage.tree.macho_files:
        if file not in linkage.installed_paths and any(linkage.outside(file)):
            message = "needs libraries of the wheel, but is installed as a script, away from them"
            yield Problem(file, message, "Link it statically, or install it in the package and start it by a script.")


def _too_new(file: str, macho: MachOFile, platform: MacPlatform) -> Iterator[Problem]:
    for part in macho.slices:
        floor = platform.minimum_version
        if part.architecture == "arm64":
            floor = max(floor, _FIRST_ARM_VERSION)
        if part.minimum_version is None or part.minimum_version <= floor:
            continue
        major, minor = part.minimum_version
        tag = platform.tag.split("_", 3)[3]
        fitting = f"macosx_{major}_{0 if major > 10 else minor}_{tag}"
        message = f"is built for macOS {major}.{minor} and newer, but {platform.tag} begins at {floor[0]}.{floor[1]}"
        option = f"-mmacos-version-min={floor[0]}.{floor[1]}"
        remedy = f'The wheel fits {fitting}: set platforms=["{fitting}"], or build it with {option}.'
        yield Problem(file, message, remedy)


def _edits_of_file(linkage: MacLinkage, file: str, grafts: Mapping[str, str]) -> MachOEdits:
    outside = set(linkage.outside(file))
    here = PurePosixPath(linkage.installed_paths.get(file, file)).parent

    def library(name: str) -> str:
        if name not in outside:
            return name
        return _LOADER_PATH + os.path.relpath(grafts[PurePosixPath(name).name], here)

    def install_name(name: str) -> str:
        # A path names the machine that linked the file, and no loader asks for it.
        return name if name.startswith("@") else _RPATH + PurePosixPath(file).name

    entries = [entry for part in linkage.tree.macho_files[file].slices for entry in part.rpaths]
    kept = [entry for entry in entries if rpath_fault(entry, here) is None]
    return MachOEdits(install_name, library, lambda entry: entry if entry in kept else None)


def _edits_of_library(path: str, grafts: Mapping[str, str]) -> MachOEdits:
    def library(name: str) -> str:
        graft = grafts.get(PurePosixPath(name).name)
        return name if graft is None or is_system_library(name) else _LOADER_PATH + PurePosixPath(graft).name

    # All that it needs lies beside it, so it searches nowhere.
    return MachOEdits(lambda _: _RPATH + PurePosixPath(path).name, library, lambda _: None)


def rpath_fault(entry: str, folder: PurePosixPath) -> str | None:
    """What is wrong with a search path of a file in a folder of the wheel; None for one that stays in the wheel."""
    if entry != _LOADER_PATH.rstrip("/") and not entry.startswith(_LOADER_PATH):
        return "is absolute" if entry.startswith("/") else "depends on the program that loads it"
    target = os.path.normpath(folder / entry[len(_LOADER_PATH) :])
    return "leads out of the wheel" if target.split("/")[0] == ".." else None


def _needed(macho: MachOFile) -> list[str]:
    return list(dict.fromkeys(name for part in macho.slices for name in part.needed))


def _rpaths(macho: MachOFile) -> list[str]:
    return list(dict.fromkeys(entry for part in macho.slices for entry in part.rpaths))


def _base_names(macho: MachOFile) -> set[str]:
    return {PurePosixPath(name).name for name in _needed(macho)}


def _system_libraries(tree: WheelTree) -> list[str]:
    return sorted({name for macho in tree.macho_files.values() for name in _needed(macho) if is_system_library(name)})


def _newest(files: Iterable[MachOFile]) -> dict[str, str]:
    versions = [part.minimum_version for macho in files for part in macho.slices if part.minimum_version]
    return {"macOS": "{}.{}".format(*max(versions))} if versions else {}
