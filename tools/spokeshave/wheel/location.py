"""Where installers put a wheel's files, which decides how installed files find each other.

The distance from site-packages to the prefix is ``lib/pythonX.Y/site-packages`` in most environments, but another one
with ``pip install --target`` and on some systems (``dist-packages``, ``lib64``). So the two are separate roots here: no
path leads from one to the other.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from posixpath import dirname, join, normpath, relpath

DATA_FOLDER = ".data"


class Root(enum.Enum):
    """A folder of an environment below which the layout is the wheel's; the values are how messages call it."""

    PACKAGES = "site-packages"
    PREFIX = "the environment's prefix"
    HEADERS = "the folder of C headers"


# The installation schemes of the wheel specification; pip refuses a wheel that has another.
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
    """An installed file or folder: a root, and its normal path below that (``.`` for the root itself)."""

    root: Root
    path: str

    @classmethod
    def of(cls, file: str) -> Location | None:
        """Where a file of a wheel is installed; None in a ``.data`` folder without a known scheme."""
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
        """The folder that holds it."""
        return Location(self.root, dirname(self.path) or ".")

    def find(self, path: str) -> Location | None:
        """What a path leads to from this folder; None where it leaves the root, or may."""
        found = normpath(join(self.path, path.lstrip("/")))
        return None if found.split("/")[0] == ".." else Location(self.root, found)

    def path_from(self, folder: Location) -> str | None:
        """The path that leads here from a folder; None where no path always does."""
        return relpath(self.path, folder.path) if self.root is folder.root else None

    def __str__(self) -> str:
        return f"{self.root.value}/{self.path}"
