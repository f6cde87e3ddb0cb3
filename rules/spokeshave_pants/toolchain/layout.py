"""Which files of the `ziglang` package a platform's compiles and links read; the rest never enters their keys."""

from __future__ import annotations

from spokeshave_core.platform import Platform, System
from spokeshave_core.problems import SpokeshaveError

# What zig's driver reads for macOS whether it compiles or links.
_SYSTEM_FILES = {System.MACOS: ("lib/libc/darwin/*",)}
# The functions of each glibc, which zig makes its stubs of.
GLIBC_SYMBOLS = "lib/libc/glibc/abilists"
TYPEINFO = "lib/libcxx/include/typeinfo"

# zig names the header directories of Linux and glibc by the architecture's family.
_HEADER_FAMILIES = {"x86_64": "x86", "powerpc64le": "powerpc", "riscv64": "riscv"}
# Where musl has headers of its own for an architecture, zig names the directory by the family for some, not for others.
_MUSL_FAMILIES = {"powerpc64le": "powerpc64"}
_TYPEINFO_PLACE = "#      ifndef _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION\n"
# Types are compared by name and not by address, as libstdc++ does: with libc++ linked statically into each
# shared library, `catch (const std::runtime_error&)` otherwise misses what another library threw.
_TYPEINFO_BY_NAME = """\
#      if !defined(_LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION) && defined(_LIBCPP_OBJECT_FORMAT_ELF)
#        define _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION 2
#      endif
"""


class ToolchainLayoutError(SpokeshaveError):
    """The toolchain package is not laid out as this version expects."""


def compile_globs(platform: Platform) -> tuple[str, ...]:
    """The compiler, its own headers, libc++'s and the platform's libc headers, relative to the package."""
    return (
        "zig",
        "lib/std/std.zig",  # what zig knows its library directory by
        "lib/include/**",
        "lib/libcxx/include/**",
        "lib/libcxxabi/include/**",
        "lib/libunwind/include/**",
        *(f"lib/libc/include/{directory}/**" for directory in _libc_headers(platform)),
        *_SYSTEM_FILES.get(platform.system, ()),
    )


def _libc_headers(platform: Platform) -> tuple[str, ...]:
    if platform.system is System.MACOS:
        return ("any-darwin-any",)
    if platform.system is System.WINDOWS:
        return ("any-windows-any",)
    family = _HEADER_FAMILIES.get(platform.processor, platform.processor)
    linux = (f"{family}-linux-any", "any-linux-any")
    if platform.system is System.GLIBC:
        return (f"{family}-linux-gnu", "generic-glibc", *linux)
    return (f"{_MUSL_FAMILIES.get(platform.processor, platform.processor)}-linux-musl", "generic-musl", *linux)


def link_globs(platform: Platform) -> tuple[str, ...]:
    """The linker is the compiler's own binary and reads nothing else of the package but the stub of macOS' library."""
    return ("zig", "lib/std/std.zig", *_SYSTEM_FILES.get(platform.system, ()))


def compare_types_by_name(typeinfo: str) -> str:
    """libc++'s `<typeinfo>` with comparison by name on ELF.

    :raises ToolchainLayoutError: where the header does not have the place that is changed.
    """
    if typeinfo.count(_TYPEINFO_PLACE) != 1:
        raise ToolchainLayoutError(
            f"{TYPEINFO} of this `ziglang` version does not choose its comparison of types as known; "
            "pin the version that the plugin carries (`[zig-toolchain].requirements`)."
        )
    return typeinfo.replace(_TYPEINFO_PLACE, _TYPEINFO_BY_NAME + _TYPEINFO_PLACE)
