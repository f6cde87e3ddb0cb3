"""Where the files of a wheel are in a source tree. No file is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath

from spokeshave_core.reports.develop import UnpackagedFile

_INIT = "__init__.py"
_GRAFTED = ".libs"


@dataclass(frozen=True)
class SourceLayout:
    """The files of a wheel that are in the source tree: the path in the wheel, and the path from the build root.

    Attributes:
        default: The source root for files of folders without sources.
    """

    sources: Mapping[str, str]
    default: str

    def root_of(self, path: str) -> str:
        """Return the source root that a file of the wheel is found in."""
        source = self.sources[path]
        return source[: -len(path)].rstrip("/") or "."

    def root_for(self, path: str) -> str:
        """Return the source root in which Python looks for another file of the wheel."""
        folder = dirname(path)
        while folder:
            found = self._root_of_folder(folder)
            if found is not None:
                return found
            folder = dirname(folder)
        return self.default

    def places(self, paths: Iterable[str], native: Iterable[str]) -> dict[str, str]:
        """Return the paths in the tree of files that are not there, each with its path in the wheel.

        Args:
            paths: The files.
            native: Those of them that are native. Each source root with one of them gets the grafted libraries, which
                they find next to their package.
        """
        roots = sorted({self.root_for(path) for path in native if not is_grafted(path)}) or [self.default]
        places: dict[str, str] = {}
        for path in paths:
            chosen = roots if is_grafted(path) else [self.root_for(path)]
            places.update({normpath(join(root, path)): path for root in chosen})
        return places

    def roots(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the source roots of the sources and of some other files, sorted."""
        others = (self.root_for(path) for path in paths if not is_grafted(path))
        return tuple(sorted({*map(self.root_of, self.sources), *others}))

    def hidden(self) -> tuple[UnpackagedFile, ...]:
        """Return the sources that Python does not find, as their regular package is in another source root."""
        found = []
        for path in sorted(self.sources):
            package = self._outermost_package(path)
            if package is not None and self.root_of(path) != self.root_of(f"{package}/{_INIT}"):
                where = dirname(self.sources[f"{package}/{_INIT}"])
                reason = f"not importable, as the package is {where}; the wheel has both"
                found.append(UnpackagedFile(self.sources[path], reason))
        return tuple(found)

    def _root_of_folder(self, folder: str) -> str | None:
        if f"{folder}/{_INIT}" in self.sources:
            return self.root_of(f"{folder}/{_INIT}")
        inside = sorted({self.root_of(path) for path in self.sources if path.startswith(f"{folder}/")})
        return inside[0] if inside else None

    def _outermost_package(self, path: str) -> str | None:
        parts = path.split("/")[:-1]
        folders = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return next((folder for folder in folders if f"{folder}/{_INIT}" in self.sources), None)


def is_grafted(path: str) -> bool:
    """Return whether a file is a library that the repair copied into the wheel."""
    return path.split("/")[0].endswith(_GRAFTED)


def ignore_line(path: str, native: bool, new_folder: str | None) -> str:
    """Return the line of the build root's .gitignore for a file.

    Args:
        path: The path from the build root.
        native: Whether its name contains a Python ABI. The line is then for all Pythons.
        new_folder: The folder that did not exist before, if any.
    """
    if new_folder is not None:
        return f"/{new_folder}/"
    if not native:
        return f"/{path}"
    name = basename(path)
    return f"/{join(dirname(path), name.partition('.')[0])}.*{name[name.rindex('.') :]}"
