"""The plan of what a wheel offers to C and C++ projects, from the fields of its target. Works without the engine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from spokeshave_core.problems import Problems
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.wheel.downstream.checks import Contents, InstalledHeader, check_headers, check_named
from spokeshave_pants.wheel.downstream.package import (
    DownstreamPackage,
    include_folders,
    outermost_packages,
    parse_named,
)

_PYTHON = (".py", ".pyi")


@dataclass(frozen=True)
class OfferFields:
    """The values of the fields `headers`, `cmake` and `pkg_config`."""

    headers: Mapping[str, tuple[str, ...]]
    cmake: str | None
    pkg_config: str | None

    @property
    def are_set(self) -> bool:
        """Return whether one of them has a value."""
        return bool(self.headers or self.cmake or self.pkg_config)


@dataclass(frozen=True)
class WheelContents:
    """What else is in a wheel.

    Attributes:
        files: The paths of the Python sources and resources.
        modules: The paths of the extensions, without suffix.
        version_files: The paths of the files that contain the version.
        headers: The headers that the field `headers` installs.
        without_headers: The targets in this field that have none.
        libraries: The names of the shared libraries, each with its target.
    """

    files: tuple[str, ...]
    modules: tuple[str, ...]
    version_files: tuple[str, ...]
    headers: tuple[InstalledHeader, ...]
    without_headers: tuple[str, ...]
    libraries: tuple[tuple[str, str], ...]


def plan_offer(
    wheel: str, fields: OfferFields, wheel_contents: WheelContents, description: str
) -> DownstreamPackage | None:
    """Return what a wheel offers, or None if none of the fields is set.

    Args:
        wheel: The target, for messages.
        description: A line about the distribution.

    Raises:
        InvalidTargetError: For all problems of the fields.
    """
    if not fields.are_set:
        return None
    existing = (*wheel_contents.files, *wheel_contents.version_files)
    extensions = (f"{module}.so" for module in wheel_contents.modules)
    python_files = (*(path for path in wheel_contents.files if path.endswith(_PYTHON)), *extensions)
    packages = outermost_packages(python_files)
    only = packages[0] if len(packages) == 1 else None
    cmake = parse_named(fields.cmake, only)
    pkg_config = parse_named(fields.pkg_config, only)
    chosen = next((named.package for named in (cmake, pkg_config) if named), None)
    package = chosen or only or _package_of(fields.headers, packages)
    folders = include_folders(fields.headers, package, existing)
    contents = Contents(
        packages=packages,
        files=(*existing, *(f"{module}.so" for module in wheel_contents.modules)),
        libraries=wheel_contents.libraries,
        has_includes=bool(folders),
    )
    problems = Problems()
    with problems.collecting():
        check_headers(wheel, fields.headers, wheel_contents.headers, wheel_contents.without_headers, contents)
    with problems.collecting():
        check_named(wheel, "cmake", cmake, contents)
    with problems.collecting():
        check_named(wheel, "pkg_config", pkg_config, contents)
    problems.raise_if_any(InvalidTargetError)
    return DownstreamPackage(
        package=package,
        description=description,
        include_folders=folders,
        cmake=cmake,
        pkg_config=pkg_config,
        existing=frozenset((*existing, *_import_paths(existing, wheel_contents.modules))),
    )


def _import_paths(files: Iterable[str], modules: Iterable[str]) -> Iterator[str]:
    """Yield the paths of modules that Python would not import, as it prefers an extension or a package of that name."""
    yield from (f"{module}.py" for module in modules)
    yield from (f"{posixpath.dirname(path)}.py" for path in files if posixpath.basename(path) == "__init__.py")


def _package_of(headers: Mapping[str, tuple[str, ...]], packages: tuple[str, ...]) -> str:
    """Return the package that contains the first folder of headers. Empty if none does, which the checks report."""
    return next((package for folder in headers for package in packages if f"{folder}/".startswith(f"{package}/")), "")
