"""The name and version of a project, by what its build knows. Works without the engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_CACHED = re.compile(r"CMAKE_PROJECT_(?P<key>NAME|VERSION):\w+=(?P<value>.+)")
_PACKAGE_VERSION = re.compile(r"^Version:[ \t]*(?P<version>[\w.+~-]+)[ \t]*$", re.MULTILINE)
# Such as zlib-1.3.1.tar.gz, libyaml_0.2.5.orig.tar.gz and v1.1.9.zip.
_ARCHIVE = re.compile(
    r"((?P<name>[A-Za-z][\w.+-]*?)[-_])?[vV]?(?P<version>\d+(\.\d+)*[\w+~-]*?)"
    r"([._-](orig|src|source))?\.(tar(\.\w+)?|tgz|zip)"
)
_KEY_OF_NO_NAME = "Project"


@dataclass(frozen=True)
class Software:
    """A project's name and version.

    Attributes:
        version: None if nothing says it.
    """

    name: str
    version: str | None = None

    @classmethod
    def found(cls, *, cached: Iterable[str], packages: Mapping[str, str], archive: str, target: str) -> Software:
        """Return what a project is: first by its CMake files, then by its `.pc` file and its archive.

        Args:
            cached: Lines of CMake's cache, such as `CMAKE_PROJECT_NAME:STATIC=snappy`.
            packages: The `.pc` files that it installs.
            archive: The name of its archive. Empty for files of the repository.
            target: The name of its target.
        """
        matches = [match for line in cached for match in [_CACHED.fullmatch(line)] if match]
        cache = {match["key"]: match["value"] for match in matches}
        versions = {
            posixpath.basename(path)[: -len(".pc")]: match["version"]
            for path, text in sorted(packages.items())
            for match in [_PACKAGE_VERSION.search(text)]
            if match
        }
        file = _ARCHIVE.fullmatch(archive)
        version_of_packages = next(iter(versions.values())) if len(set(versions.values())) == 1 else None
        name = cache.get("NAME") if cache.get("NAME") != _KEY_OF_NO_NAME else None
        return cls(
            name=name or (file["name"] if file else None) or (next(iter(versions)) if len(versions) == 1 else target),
            version=cache.get("VERSION") or version_of_packages or (file["version"] if file else None),
        )
