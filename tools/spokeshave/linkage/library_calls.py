"""Calls in a wheel's Python files that load libraries before, or for, an extension."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from spokeshave.python_code import code_of
from spokeshave.wheel.tree import WheelTree

_ADDING_FOLDERS = ("add_dll_directory",)
_LOADING_GLOBALLY = ("RTLD_GLOBAL", "setdlopenflags")
_LOADING = (*_ADDING_FOLDERS, "WinDLL", "CDLL", "LoadLibrary", "dlopen", *_LOADING_GLOBALLY)
_LISTING = ("glob", "rglob", "listdir", "scandir", "iterdir", "walk")
_OWN_FOLDER = re.compile(r"\b__(file|path)__\b")


Finder = Callable[[str, str], "str | None"]


@dataclass(frozen=True)
class LibraryFile:
    """A library of a wheel: the names by which others need it, and the names that it needs itself."""

    names: frozenset[str]
    needed: frozenset[str]


@dataclass(frozen=True)
class LibraryCalls:
    """The Python files of a wheel that load libraries."""

    tree: WheelTree

    @cached_property
    def exist(self) -> bool:
        """Return whether any module loads libraries, of any name."""
        return bool(self._codes)

    @cached_property
    def adds_folders(self) -> bool:
        """Return whether a module adds a DLL directory on Windows."""
        return any(name in code for code in self._codes.values() for name in _ADDING_FOLDERS)

    @cached_property
    def loads_globally(self) -> bool:
        """Return whether a module may load libraries so that all later ones see their symbols."""
        return any(name in code for code in self._codes.values() for name in _LOADING_GLOBALLY)

    def loaded(self, libraries: Mapping[str, LibraryFile], find: Finder) -> dict[str, LibraryFile]:
        """Return the libraries that a module loads, or whose directory it adds, and those that they find themselves.

        These need no search path. `find` returns the library that a name refers to from another one.
        """
        found = {file: library for file, library in libraries.items() if self._loads(file, library.names)}
        pending = list(found)
        while pending:
            user = pending.pop()
            others = {find(user, name) for name in found[user].needed}
            new = {other: libraries[other] for other in others if other and other in libraries and other not in found}
            found.update(new)
            pending += new
        return found

    @cached_property
    def _codes(self) -> dict[str, str]:
        """Return the code of each file with a call that loads libraries."""
        words = [word.encode() for word in _LOADING]
        sources = {file: self.tree.read(file) for file in self.tree.files if file.endswith((".py", ".pth"))}
        codes = {f: code_of(source) for f, source in sources.items() if any(word in source for word in words)}
        return {file: code for file, code in codes.items() if any(word in code for word in _LOADING)}

    def _loads(self, file: str, names: Iterable[str]) -> bool:
        """Return whether code that loads libraries contains the name of one or its directory, or lists directories."""
        if not self._codes:
            return False
        top = file.partition("/")[0]
        inside, outside = (_mention(file, names, is_outside=is_outside) for is_outside in (False, True))
        return any(
            (inside if source.startswith(f"{top}/") else outside).search(code) or self._adds_own(source, file)
            for source, code in self._codes.items()
        )

    def _adds_own(self, source: str, file: str) -> bool:
        """Return whether a module adds its own directory on Windows, and the directory contains a library."""
        source_location = self.tree.locations.get(source)
        library_location = self.tree.locations.get(file)
        is_in_folder = (
            source_location is not None
            and library_location is not None
            and source_location.folder == library_location.folder
        )
        code = self._codes[source]
        return is_in_folder and _OWN_FOLDER.search(code) is not None and any(name in code for name in _ADDING_FOLDERS)


def _mention(file: str, names: Iterable[str], *, is_outside: bool) -> re.Pattern[str]:
    """Return a pattern for the name of a library or of its directory. `is_outside` is for other top-level packages."""
    path = PurePosixPath(file)
    every = sorted({path.name, *names})
    stems = {name.partition(".")[0] for name in every}
    # The imports of a package contain its own top-level name.
    folders = path.parts[1:-1] or (path.parts[:-1] if is_outside else ())
    words = "|".join(map(re.escape, [*every, *stems, *folders, *_LISTING]))
    # A name without its lib prefix may be part of a pattern: f"lib{name}.so".
    parts = "|".join(re.escape(stem[3:]) for stem in stems if stem.startswith("lib") and stem[3:])
    quoted = rf"|(?P<quote>['\"])(?:{parts})(?P=quote)" if parts else ""
    return re.compile(rf"(?<!\w)(?:{words})(?!\w){quoted}", re.IGNORECASE)
