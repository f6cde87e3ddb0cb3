"""The installation paths of a wheel's files, which decide how installed files find each other.

The path from site-packages to the prefix is `lib/pythonX.Y/site-packages` in most environments, but not with `pip
install --target` and on some systems (`dist-packages`, `lib64`). The two are therefore separate roots here, and no
relative path leads from one to the other.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from posixpath import dirname, join, normpath, relpath

DATA_FOLDER = ".data"


class Root(enum.Enum):
    """A directory of an environment below which the layout is the wheel's. The values are names for messages."""

    PACKAGES = "site-packages"
    PREFIX = "the environment's prefix"
    HEADERS = "the folder of C headers"


# The installation schemes of the wheel specification. pip refuses a wheel with others.
_SCHEMES = {
    "purelib": (Root.PACKAGES, ""),
    "platlib": (Root.PACKAGES, ""),
    "data": (Root.PREFIX, ""),
    "scripts": (Root.PREFIX, "bin"),
    "headers": (Root.HEADERS, ""),
}
SCHEMES = tuple(sorted(_SCHEMES))


@dataclass(frozen=True)
class Location:
    """An installed file or directory: a root, and its normalized path below it (`.` for the root itself)."""

    root: Root
    path: str

    @classmethod
    def of(cls, file: str) -> Location | None:
        """Return the installation path of a wheel's file. None in a `.data` directory without a known scheme."""
        top, _, rest = file.partition("/")
        if not top.endswith(DATA_FOLDER):
            return cls(Root.PACKAGES, file)
        scheme, _, path = rest.partition("/")
        if scheme not in _SCHEMES or not path:
            return None
        root, folder = _SCHEMES[scheme]
        return cls(root, join(folder, path))

    @property
    def folder(self) -> Location:
        """Return the directory that contains it."""
        return Location(self.root, dirname(self.path) or ".")

    def find(self, path: str) -> Location | None:
        """Return the location that a path leads to from this directory. None if it leaves the root, or may."""
        found = normpath(join(self.path, path.lstrip("/")))
        return None if found.split("/")[0] == ".." else Location(self.root, found)

    def path_from(self, folder: Location) -> str | None:
        """Return the path to this location from a directory. None if there is no path that always works."""
        return relpath(self.path, folder.path) if self.root is folder.root else None

    def __str__(self) -> str:
        return f"{self.root.value}/{self.path}"
