"""The static libraries of runtime packs as software: what they are, and under which license.

The linker for ELF reports the libraries that it takes code from. Those for Windows and macOS report nothing, so their
links count as using each library that the language needs. libc++ is part of everything that is compiled as C++, since
most of it is templates in headers.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_core.components import Component, package_url

ZIG_PACKAGE = "ziglang"
PLUGIN = "spokeshave-pants-plugin"
PLUGIN_LICENSE = "LICENSE"
_LLVM = "Apache-2.0 WITH LLVM-exception"


@dataclass(frozen=True)
class RuntimeLibrary:
    """A static library of the toolchain.

    Attributes:
        part: Its sources in the `ziglang` package. None if they are in the plugin.
        license_file: Its license in the `ziglang` package. None if that has none.
        is_cxx: Whether only C++ needs it.
    """

    name: str
    part: str | None
    license: str
    license_file: str | None
    description: str
    is_cxx: bool = False

    def component(self, zig_version: str, plugin_version: str) -> Component:
        """Return it as a component of a wheel."""
        if self.part is None:
            version = plugin_version
            url = package_url(PLUGIN, version)
        else:
            version = zig_version
            url = package_url(ZIG_PACKAGE, version, self.part)
        return Component(name=self.name, version=version, purl=url, license=self.license, description=self.description)


def _of_llvm(name: str, part: str, description: str) -> RuntimeLibrary:
    return RuntimeLibrary(
        name=name,
        part=part,
        license=_LLVM,
        license_file=f"{part}/LICENSE.TXT",
        description=description,
        is_cxx=True,
    )


_LIBCXX = _of_llvm("libc++", "lib/libcxx", "LLVM's C++ standard library, as zig contains it")
_COMPILER_RT = RuntimeLibrary(
    name="compiler-rt",
    part="lib/compiler_rt",
    license="MIT",
    license_file="LICENSE",
    description="The functions that compilers call, zig's implementation",
)
_OWN = RuntimeLibrary(
    name=PLUGIN,
    part=None,
    license="MIT",
    license_file=None,
    description="Spokeshave's functions that the toolchain's runtime lacks",
)
# What the name of the plugin's own archive begins with, before the processor.
_OWN_ARCHIVE = "libclang_rt.builtins-"
# By the name of the archive without its ending, which differs between formats.
_LIBRARIES = {
    "libc++": _LIBCXX,
    "libc++abi": _of_llvm("libc++abi", "lib/libcxxabi", "LLVM's C++ ABI library, as zig contains it"),
    "libunwind": _of_llvm("libunwind", "lib/libunwind", "LLVM's unwinder of exceptions, as zig contains it"),
    "libcompiler_rt": _COMPILER_RT,
    "libclang_rt.builtins": _COMPILER_RT,
    "libmingw32": RuntimeLibrary(
        name="mingw-w64",
        part="lib/libc/mingw",
        license="ZPL-2.1",
        license_file="lib/libc/mingw/COPYING",
        description="The start files and C functions of mingw-w64, as zig contains them",
    ),
    "libmingwex": RuntimeLibrary(
        name="zigc", part="lib/c", license="MIT", license_file="LICENSE", description="zig's functions of the C library"
    ),
    # By its exception, linked code needs no notice; the package has no text of the license either.
    "libc_nonshared": RuntimeLibrary(
        name="glibc",
        part="lib/libc/glibc",
        license="LGPL-2.1-or-later WITH GCC-exception-2.0",
        license_file=None,
        description="The functions of glibc that each library contains itself, as zig contains them",
    ),
}


def runtime_components(
    archives: Iterable[str],
    zig_version: str,
    plugin_version: str,
    *,
    is_exact: bool,
    has_cxx: bool,
    has_own: bool = False,
) -> tuple[Component, ...]:
    """Return the components that files contain of a runtime pack.

    Args:
        archives: The names of static libraries in the pack.
        is_exact: Whether the linker reported that it took code from them.
        has_cxx: Whether anything is compiled as C++.
        has_own: Whether the pack adds sources of the plugin to each link.
    """
    found = {_library(archive) for archive in archives}
    if not is_exact and not has_cxx:
        found = {library for library in found if not library.is_cxx}
    if has_cxx:
        found.add(_LIBCXX)
    if has_own:
        found.add(_OWN)
    components = (library.component(zig_version, plugin_version) for library in found)
    return tuple(sorted(components, key=lambda component: component.name))


def _library(archive: str) -> RuntimeLibrary:
    """Return what an archive is. zig's own code is under one license, so an unknown archive still has its origin."""
    stem = posixpath.splitext(archive)[0]
    if stem.startswith(_OWN_ARCHIVE):
        return _OWN
    unknown = RuntimeLibrary(
        name=stem, part="lib", license="MIT", license_file="LICENSE", description="A static library of zig"
    )
    return _LIBRARIES.get(stem, unknown)


def runtime_licenses(*, has_cxx: bool) -> tuple[str, ...]:
    """Return the license files in the `ziglang` package of what files may contain of it on any platform."""
    used = (library for library in _LIBRARIES.values() if has_cxx or not library.is_cxx)
    return tuple(sorted({library.license_file for library in used if library.license_file}))
