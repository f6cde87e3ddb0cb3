"""What an sdist builds, for `sdist write`, and the reports of the `sdist` commands.

Python 3.9 evaluates the types of fields at run time, so this module has no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from typing import Optional

from spokeshave_core.reports.report import Report


@dataclass(frozen=True)
class PlatformValues:
    """Macros or flags for some platforms.

    Attributes:
        glob: A glob of wheel platform tags, such as `win_*`.
    """

    glob: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class PackageFolder:
    """A folder of a Python package in the build environment, relative to `site-packages`."""

    distribution: str
    path: str


@dataclass(frozen=True)
class SourceGroup:
    """Sources with equal settings that the same native files contain.

    Attributes:
        name: The name of the group in CMake.
        sources: Paths in the repository, or of a package, relative to `site-packages`.
        package: The distribution that the sources are from. None for sources of the repository.
        uses_python: Whether they reach `Python.h`.
        include_roots: Include directories, as paths in the repository.
        package_folders: Include directories of Python packages.
        forced_headers: Files that are included before each source, as paths in the repository.
        needs_version: Whether they reach the header `spokeshave/version.h`.
        platforms: Globs of the wheel platform tags that they are compiled for. Empty for all.
        users_platforms: The same for the native files that contain them. Empty if one of these is for all platforms.
    """

    name: str
    sources: tuple[str, ...]
    package: Optional[str]
    uses_python: bool
    is_assembler: bool
    c_standard: str
    cxx_standard: str
    defines: tuple[str, ...] = ()
    free_threaded_defines: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    platform_defines: tuple[PlatformValues, ...] = ()
    platform_flags: tuple[PlatformValues, ...] = ()
    include_roots: tuple[str, ...] = ()
    package_folders: tuple[PackageFolder, ...] = ()
    forced_headers: tuple[str, ...] = ()
    needs_version: bool = False
    platforms: tuple[str, ...] = ()
    users_platforms: tuple[str, ...] = ()


@dataclass(frozen=True)
class NativeFile:
    """An extension module or a shared library.

    Attributes:
        name: The import name of a module, or the name of a library without prefix and suffix.
        groups: The names of its groups of sources.
        libraries: The names of the shared libraries that it is linked to.
        folder: The folder of a library in the wheel. Empty for one that only other native files open.
        platforms: Globs of the wheel platform tags that it is built for. Empty for all.
    """

    name: str
    groups: tuple[str, ...]
    libraries: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    platform_link_flags: tuple[PlatformValues, ...] = ()
    folder: str = ""
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True)
class SdistDescription(Report):
    """What an sdist builds.

    Attributes:
        platforms: The wheel platform tags of the target. They decide what a glob with a version means.
        limited_api: The first Python of the stable ABI, such as `3.12`. None if each Python has a build of its own.
        is_independent: Whether nothing in the wheel uses Python's ABI.
        build_requirements: The Python packages whose headers or sources are compiled, as requirements.
        windows_libraries: The libraries of Windows that each native file may use.
        libraries: The shared libraries, each after those that it is linked to.
    """

    platforms: tuple[str, ...]
    limited_api: Optional[str]
    is_independent: bool
    build_requirements: tuple[str, ...] = ()
    windows_libraries: tuple[str, ...] = ()
    groups: tuple[SourceGroup, ...] = ()
    libraries: tuple[NativeFile, ...] = ()
    extensions: tuple[NativeFile, ...] = ()


@dataclass(frozen=True)
class SdistReport(Report):
    """`sdist write` and `sdist stamp`. `sdist` is the file's name, `files` are the paths in it, without its folder."""

    sdist: str
    sha256: str
    size: int
    version: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class SdistCheckReport(Report):
    """`sdist compare` of wheels that do not differ.

    Attributes:
        wheel: The file name of the wheel that was built from the sdist.
        files: The number of files that were compared.
        exports: The number of exported names that were compared.
    """

    wheel: str
    files: int
    exports: int
