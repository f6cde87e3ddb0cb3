"""The search for libraries by the loaders of glibc and musl, over a wheel's files as they will be installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from re import compile as pattern

from auditwheel.libc import Libc

from spokeshave.linkage.library_calls import LibraryCalls, LibraryFile
from spokeshave.linkage.library_search import find_libraries
from spokeshave.native.elf.file import LOADERS, ElfFile, is_elf, read_elf
from spokeshave.tags.platform import LinuxPlatform
from spokeshave.wheel.location import Location
from spokeshave.wheel.tree import WheelTree

ORIGINS = ("$ORIGIN", "${ORIGIN}")
LIBPYTHON = pattern(r"libpython3(\.\d+)?[a-z]*\.so(\.\d+)*")
# musl answers to these names itself, in any form (load_library in its ldso/dynlink.c).
MUSL_NAMES = frozenset(f"lib{name}.so" for name in ("c", "pthread", "rt", "m", "dl", "util", "xnet"))
# Part of glibc since 2.22 on x86_64 and 2.38 on aarch64, which its versions tell; auditwheel 6.4 has it in no policy.
_VECTOR_LIBRARY = "libmvec.so.1"


@dataclass
class Process:
    """What a process has loaded once ``root`` is: files of the wheel by their paths in it, others by absolute paths.

    ``providers`` says which of them each needed name led to, ``platform`` which names the platform has; ``missing``
    has the other names, each with the file that needs it; ``pythons`` are the interpreter's libraries among those.
    """

    root: str
    files: dict[str, ElfFile]
    providers: dict[tuple[str, str], str] = field(default_factory=dict)
    platform: set[str] = field(default_factory=set)
    missing: dict[str, str] = field(default_factory=dict)
    pythons: dict[str, str] = field(default_factory=dict)

    @cached_property
    def exports(self) -> frozenset[str]:
        """Every symbol that a file of it provides."""
        return frozenset().union(*(elf.exports for elf in self.files.values()))


@dataclass(frozen=True)
class ElfLoader:
    """Loads files of a wheel, in thought.

    ``library_dirs`` hold libraries outside of the wheel that will lie beside each other in it.
    """

    tree: WheelTree
    platform: LinuxPlatform
    library_dirs: Sequence[Path] = ()

    def load(self, root: str) -> Process:
        """Load a file and all that it needs, breadth first as loaders do."""
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
        """The libraries of a name in the given folders; one for another processor is told elsewhere."""
        if name not in self._candidates:
            paths = find_libraries(name, self.library_dirs) if "/" not in name else []
            self._candidates[name] = [path for path in paths if is_elf(path)]
        return self._candidates[name]

    def is_platform_library(self, name: str) -> bool:
        """Whether the platform has a library, or answers to its name."""
        is_own_name = name in MUSL_NAMES if self.platform.libc is Libc.MUSL else name == _VECTOR_LIBRARY
        return name in self.platform.policy.whitelist or name.startswith(LOADERS) or is_own_name

    def _names(self, provider: str) -> dict[str, str]:
        """The names by which a loaded file is taken for a needed library: glibc's loader compares sonames too."""
        soname = self._elf(provider).soname if self.platform.libc is Libc.GLIBC else None
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
        """What a file finds by its own search path."""
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
        """The folders of the wheel in which a file's needed libraries are looked for.

        By glibc a RUNPATH is for the file's own libraries and turns off every RPATH; a RPATH is for all below it. By
        musl each is for all below it. What is grafted gets a RPATH, and so do its users.
        """
        for file in self._chain(users, user):
            elf = process.files[file]
            is_own = file == user
            if elf.runpath and not is_own and self.platform.libc is Libc.GLIBC and user in self.tree.elf_files:
                continue
            location = self.tree.locations.get(file)
            entries = elf.runpath or elf.rpath
            found = (_folder(location.folder, entry) for entry in entries) if location else ()
            yield from (folder for folder in found if folder)
            if elf.runpath and is_own and self.platform.libc is Libc.GLIBC and user in self.tree.elf_files:
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
        """The calls in Python files by which libraries are loaded."""
        return LibraryCalls(self.tree)

    @cached_property
    def _outside(self) -> dict[str, ElfFile]:
        return {}

    @cached_property
    def _candidates(self) -> dict[str, list[Path]]:
        return {}

    @cached_property
    def _loaded_by_hand(self) -> dict[str, str]:
        """The wheel's libraries by name, where a module of it loads libraries itself before they are needed."""
        libraries = {
            file: LibraryFile(frozenset({PurePosixPath(file).name, elf.soname or ""}) - {""}, frozenset(elf.needed))
            for file, elf in self.tree.elf_files.items()
        }
        loaded = self.calls.loaded(libraries, self._find_alone)
        return {name: file for file, library in loaded.items() for name in library.names}


def _folder(here: Location, entry: str) -> Location | None:
    origin, _, rest = entry.partition("/")
    return here.find(rest) if origin in ORIGINS else None
