"""The settings of a compile: standards, macros, flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonAbi

PACKAGES_DIR = "__packages"


@dataclass(frozen=True)
class CompileSettings:
    """The settings of a compile: language standard, macros, flags and include directories.

    Attributes:
        free_threaded_defines: Macros for builds of free-threaded Pythons.
        platform_defines: Macros by a glob of the platforms that they apply to. `platform_flags` has the same form.
    """

    cxx_standard: str
    c_standard: str
    defines: tuple[str, ...] = ()
    free_threaded_defines: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    include_roots: tuple[str, ...] = ()
    system_include_dirs: tuple[str, ...] = ()
    platform_defines: tuple[tuple[str, tuple[str, ...]], ...] = ()
    platform_flags: tuple[tuple[str, tuple[str, ...]], ...] = ()


def for_python(settings: CompileSettings, abi: PythonAbi) -> CompileSettings:
    """Return the settings with the macros of a Python ABI."""
    limited = (f"{macro}={value}" for macro, value in abi.limited_api.items())
    free_threaded = settings.free_threaded_defines if abi.version.free_threaded else ()
    return replace(settings, defines=(*settings.defines, *free_threaded, *limited))


def for_platform(by_glob: Iterable[tuple[str, tuple[str, ...]]], platform: Platform) -> tuple[str, ...]:
    """Return the values of all globs that match the platform, in order."""
    return tuple(value for glob, values in by_glob if platform.fits([glob]) for value in values)


def for_any_platform(by_glob: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the values for all platforms. A compile has at most some of them."""
    return tuple(value for values in by_glob.values() for value in values)
