"""What a wheel offers to C and C++ projects that build against its installed files. Works without the engine."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

MAIN = "__main__.py"
CONFIG_MODULE = "native_config.py"


@dataclass(frozen=True)
class OfferedLibrary:
    """A shared library of the wheel that other projects can link to.

    Attributes:
        folder: Its folder in the wheel.
        has_version: Whether it has a version slot, so that its version can be read from the file.
        needs: The names of the wheel's own libraries that it needs.
    """

    name: str
    folder: str
    has_version: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Named:
    """The name of a CMake package or pkg-config file, and the Python package in the wheel that contains it.

    Attributes:
        package: A folder in the wheel, such as `abacus_runtime`.
    """

    name: str
    package: str

    @property
    def cmake_folder(self) -> str:
        """Return the folder in which `find_package` searches for the CMake package."""
        return f"{self.package}/lib/cmake/{self.name}"

    @property
    def pkg_config_folder(self) -> str:
        """Return the folder of the pkg-config file."""
        return f"{self.package}/lib/pkgconfig"


@dataclass(frozen=True)
class DownstreamPackage:
    """What a wheel offers to C and C++ projects.

    Attributes:
        package: The folder of the Python package through which the files are found.
        description: A line about the distribution.
        include_folders: The include directories, as folders in the wheel.
        existing: The paths in the wheel at which other fields or targets put files, or for which Python would import
            another module of the wheel. Nothing is generated there.
    """

    package: str
    description: str
    include_folders: tuple[str, ...]
    cmake: Named | None
    pkg_config: Named | None
    existing: frozenset[str]

    @property
    def macro(self) -> str:
        """Return the beginning of the names of macros, such as `ABACUS`."""
        named = self.cmake or self.pkg_config
        name = named.name if named else posixpath.basename(self.package)
        return re.sub(r"[^A-Z0-9]", "_", name.upper())

    @property
    def expected_version(self) -> str:
        """Return the macro, as a template, that projects are compiled with.

        Its value is a macro that only the header of the same version defines.
        """
        return f"{self.macro}_EXPECTED_VERSION={self.macro}_VERSION_IS_@VERSION_IDENTIFIER@"

    @property
    def entry_points(self) -> tuple[tuple[str, str, str], ...]:
        """Return the entry points, as group, name and module, by which build tools find the files."""
        found = []
        if self.cmake:
            # scikit-build-core imports the module and sets NAME_ROOT to its folder.
            found.append(("cmake.root", self.cmake.name, _module(self.cmake.package)))
        if self.pkg_config:
            found.append(("pkg_config", self.pkg_config.name, _module(self.pkg_config.pkg_config_folder)))
        return tuple(found)


def _module(folder: str) -> str:
    return folder.replace("/", ".")


def parse_named(value: str | None, default_package: str | None) -> Named | None:
    """Parse the value of `cmake` or `pkg_config`: NAME, or PACKAGE/NAME with the folder of a Python package.

    Args:
        default_package: The only top-level package of the wheel, or None if there are several.
    """
    if not value:
        return None
    package, _, name = value.rpartition("/")
    return Named(name, package or default_package or "")


def outermost_packages(python_files: Iterable[str]) -> tuple[str, ...]:
    """Return the outermost folders in which a wheel has Python files, sorted."""
    folders = {posixpath.dirname(path) for path in python_files} - {""}
    return tuple(sorted(folder for folder in folders if not any(folder.startswith(f"{other}/") for other in folders)))


def include_folders(declared: Iterable[str], package: str, files: Collection[str]) -> tuple[str, ...]:
    """Return the include directories of a wheel: the declared ones, and `include` of the package if it has files."""
    usual = f"{package}/include"
    has_usual = bool(package) and any(path.startswith(f"{usual}/") for path in files)
    return tuple(dict.fromkeys((*declared, *((usual,) if has_usual else ()))))
