"""A simulation of the loaders of glibc and musl on a wheel's files at their installed paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from re import compile as pattern

from spokeshave.linkage.library_calls import LibraryCalls, LibraryFile
from spokeshave.linkage.library_search import find_libraries
from spokeshave.native.elf.file import LOADERS, ElfFile, is_elf, read_elf
from spokeshave.policies.linux import LinuxPolicy
from spokeshave.wheel.location import Location
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.platform import System

ORIGINS = ("$ORIGIN", "${ORIGIN}")
LIBPYTHON = pattern(r"libpython3(\.\d+)?[a-z]*\.so(\.\d+)*")
# musl provides these libraries itself, in any form of their names (load_library in its ldso/dynlink.c).
MUSL_NAMES = frozenset(f"lib{name}.so" for name in ("c", "pthread", "rt", "m", "dl", "util", "xnet"))
# Part of glibc since 2.22 on x86_64 and 2.38 on aarch64, according to its symbol versions. auditwheel 6.4 lacks it.
_VECTOR_LIBRARY = "libmvec.so.1"


@dataclass
class Process:
    """The files in a process that has loaded `root`: paths in the wheel for its own files, absolute paths for others.

    Attributes:
        providers: The file that each needed name was resolved to.
        platform: The names that the platform has.
        missing: The other names, each with the file that needs it.
        pythons: The interpreter's libraries among the missing ones.
    """

    root: str
    files: dict[str, ElfFile]
    providers: dict[tuple[str, str], str] = field(default_factory=dict)
    platform: set[str] = field(default_factory=set)
    missing: dict[str, str] = field(default_factory=dict)
    pythons: dict[str, str] = field(default_factory=dict)

    @cached_property
    def exports(self) -> frozenset[str]:
        """Return every symbol that one of its files provides."""
        return frozenset().union(*(elf.exports for elf in self.files.values()))


@dataclass(frozen=True)
class ElfLoader:
    """A simulated loader of a wheel's files.

    Args:
        library_dirs: Directories of libraries outside of the wheel, which will be in one directory of it.
    """

    tree: WheelTree
    policy: LinuxPolicy
    library_dirs: Sequence[Path] = ()

    @property
    def is_musl(self) -> bool:
        """Whether the loader is musl's, and not glibc's."""
        return self.policy.platform.system is System.MUSL

    def load(self, root: str) -> Process:
        """Load a file and its dependencies, breadth first like the real loaders."""
        process = Process(root, {root: self.tree.elf_files[root]})
        users = {root: ""}
        known = self._names(root)
        pending = [root]
        while pending:
            user = pending.pop(0)
            for name in process.files[user].needed:
                provider = known.get(name) or self._find(process, users, user, name)
                if provider is None:
                    continue
                process.providers[user, name] = provider
                known.update(dict.fromkeys([name, *self._names(provider)], provider))
                if provider not in process.files:
                    process.files[provider] = self._elf(provider)
                    users[provider] = user
                    pending.append(provider)
        return process

    def candidates(self, name: str) -> list[Path]:
        """Return libraries by name in the given directories. Those for another processor are reported elsewhere."""
        if name not in self._candidates:
            paths = find_libraries(name, self.library_dirs) if "/" not in name else []
            self._candidates[name] = [path for path in paths if is_elf(path)]
        return self._candidates[name]

    def is_platform_library(self, name: str) -> bool:
        """Return whether the platform has a library, or provides it under its name."""
        is_own_name = name in MUSL_NAMES if self.is_musl else name == _VECTOR_LIBRARY
        return name in self.policy.allowed_libraries or name.startswith(LOADERS) or is_own_name

    def _names(self, provider: str) -> dict[str, str]:
        """Return the names by which a loaded file satisfies a dependency. glibc's loader compares sonames too."""
        soname = self._elf(provider).soname if not self.is_musl else None
        return {soname: provider} if soname else {}

    def _find(self, process: Process, users: Mapping[str, str], user: str, name: str) -> str | None:
        found = None if "/" in name else self._find_in_wheel(process, users, user, name)
        if found is not None:
            return found
        if LIBPYTHON.fullmatch(name):
            process.pythons.setdefault(name, user)
        elif self.is_platform_library(name):
            process.platform.add(name)
        elif self.candidates(name):
            return str(self.candidates(name)[0].absolute())
        elif name in self._loaded_by_hand:
            return self._loaded_by_hand[name]
        else:
            process.missing.setdefault(name, user)
        return None

    def _find_alone(self, file: str, name: str) -> str | None:
        """Return what a file finds by its own search path."""
        process = Process(file, {file: self.tree.elf_files[file]})
        return None if "/" in name else self._find_in_wheel(process, {file: ""}, file, name)

    def _find_in_wheel(self, process: Process, users: Mapping[str, str], user: str, name: str) -> str | None:
        machine = process.files[user].machine
        for folder in self._folders(process, users, user):
            location = folder.find(name)
            file = location and self.tree.by_location.get(location)
            if file and file in self.tree.elf_files and self.tree.elf_files[file].machine == machine:
                return file
        return None

    def _folders(self, process: Process, users: Mapping[str, str], user: str) -> Iterator[Location]:
        """Yield the directories of the wheel in which a file's needed libraries are searched.

        In glibc, a RUNPATH applies to the file's own dependencies and disables every RPATH, and a RPATH also applies to
        indirect dependencies. In musl, both apply to indirect dependencies. Grafted libraries and their users get a
        RPATH.
        """
        for file in self._chain(users, user):
            elf = process.files[file]
            is_own = file == user
            if elf.runpath and not is_own and not self.is_musl and user in self.tree.elf_files:
                continue
            location = self.tree.locations.get(file)
            entries = elf.runpath or elf.rpath
            found = (_folder(location.folder, entry) for entry in entries) if location else ()
            yield from (folder for folder in found if folder)
            if elf.runpath and is_own and not self.is_musl and user in self.tree.elf_files:
                return

    @staticmethod
    def _chain(users: Mapping[str, str], file: str) -> Iterator[str]:
        while file:
            yield file
            file = users[file]

    def _elf(self, provider: str) -> ElfFile:
        if provider in self.tree.elf_files:
            return self.tree.elf_files[provider]
        if provider not in self._outside:
            self._outside[provider] = read_elf(Path(provider), provider)
        return self._outside[provider]

    @cached_property
    def calls(self) -> LibraryCalls:
        """Return the calls in Python files by which libraries are loaded."""
        return LibraryCalls(self.tree)

    @cached_property
    def _outside(self) -> dict[str, ElfFile]:
        return {}

    @cached_property
    def _candidates(self) -> dict[str, list[Path]]:
        return {}

    @cached_property
    def _loaded_by_hand(self) -> dict[str, str]:
        """Return the wheel's libraries by name if one of its modules loads them explicitly before they are needed."""
        libraries = {
            file: LibraryFile(frozenset({PurePosixPath(file).name, elf.soname or ""}) - {""}, frozenset(elf.needed))
            for file, elf in self.tree.elf_files.items()
        }
        loaded = self.calls.loaded(libraries, self._find_alone)
        return {name: file for file, library in loaded.items() for name in library.names}


def _folder(here: Location, entry: str) -> Location | None:
    origin, _, rest = entry.partition("/")
    return here.find(rest) if origin in ORIGINS else None
