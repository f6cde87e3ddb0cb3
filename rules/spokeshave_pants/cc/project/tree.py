"""The installed tree of a project: its libraries by name. Works without the engine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_pants.errors import InvalidTargetError

_SHARED = {
    ObjectFormat.ELF: re.compile(r"lib(?P<name>.+?)\.so(\.[0-9]+)*"),
    ObjectFormat.MACHO: re.compile(r"lib(?P<name>.+?)(\.[0-9]+)*\.dylib"),
    ObjectFormat.PE: re.compile(r"(lib)?(?P<name>.+?)(-[0-9.]+)?\.dll", re.IGNORECASE),
}
_IMPORT = re.compile(r"(lib)?(?P<name>.+?)\.dll\.(a|lib)", re.IGNORECASE)
_STATIC = {
    ObjectFormat.ELF: re.compile(r"lib(?P<name>.+)\.a"),
    ObjectFormat.MACHO: re.compile(r"lib(?P<name>.+)\.a"),
    ObjectFormat.PE: re.compile(r"(lib)?(?P<name>.+)\.(a|lib)", re.IGNORECASE),
}


@dataclass(frozen=True)
class InstalledLibrary:
    """A library that others link to.

    Attributes:
        path: The file to link to, in the tree: a shared library, an import library or a static library.
        is_shared: Whether a shared library is needed at run time.
    """

    name: str
    path: str
    is_shared: bool


@dataclass(frozen=True)
class InstalledTree:
    """The libraries of a tree.

    Attributes:
        shared: The paths of all shared libraries, also those that are links, for the loader.
    """

    libraries: tuple[InstalledLibrary, ...]
    shared: tuple[str, ...]

    @classmethod
    def of(cls, files: Iterable[str], platform: Platform) -> InstalledTree:
        """Return the libraries among the files of a tree.

        A library that is installed in both forms is the shared one, as for linkers.
        """
        kind = platform.object_format
        paths = sorted(files, key=lambda path: (len(path), path))
        shared = {path: match["name"] for path in paths for match in [_SHARED[kind].fullmatch(_base(path))] if match}
        linked = (
            {path: match["name"] for path in paths for match in [_IMPORT.fullmatch(_base(path))] if match}
            if kind is ObjectFormat.PE
            else shared
        )
        static = {
            path: match["name"]
            for path in paths
            for match in [_STATIC[kind].fullmatch(_base(path))]
            if match and path not in linked
        }
        found: dict[str, InstalledLibrary] = {}
        for is_shared, candidates in ((True, linked), (False, static)):
            for path, name in candidates.items():
                # The shortest path is first: `libx.so` and not `libx.so.1`.
                found.setdefault(name, InstalledLibrary(name, path, is_shared))
        return cls(tuple(found[name] for name in sorted(found)), tuple(sorted(shared)))

    def chosen(self, names: Iterable[str] | None, where: str) -> tuple[InstalledLibrary, ...]:
        """Return the libraries that dependents link to.

        Args:
            names: The value of the field `libraries`. None for all.
            where: The target and platform, for the message.

        Raises:
            InvalidTargetError: If the tree does not have one.
        """
        by_name = {library.name: library for library in self.libraries}
        if names is None:
            return self.libraries
        wanted = tuple(names)
        missing = [name for name in wanted if name not in by_name]
        if missing:
            raise InvalidTargetError(
                f"{where} lists {', '.join(missing)} in `libraries`, which the project does not install. It installs: "
                f"{', '.join(by_name) or 'no library'}."
            )
        return tuple(by_name[name] for name in wanted)


def _base(path: str) -> str:
    return path.rpartition("/")[2]
