"""Which files of the `ziglang` package a platform's compiles and links read; the rest never enters their keys."""

from __future__ import annotations

from spokeshave_pants.errors import SpokeshaveError
from spokeshave_pants.platform import Platform

TYPEINFO = "lib/libcxx/include/typeinfo"

# zig names header directories by the architecture's family.
_HEADER_ARCHITECTURES = {"x86_64": "x86"}
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
    architecture = _HEADER_ARCHITECTURES[platform.architecture]
    libc = (f"{architecture}-linux-gnu", "generic-glibc", f"{architecture}-linux-any", "any-linux-any")
    return (
        "zig",
        "lib/std/std.zig",  # what zig knows its library directory by
        "lib/include/**",
        "lib/libcxx/include/**",
        "lib/libcxxabi/include/**",
        "lib/libunwind/include/**",
        *(f"lib/libc/include/{directory}/**" for directory in libc),
    )


def link_globs() -> tuple[str, ...]:
    """The linker is the compiler's own binary and reads nothing else of the package."""
    return ("zig", "lib/std/std.zig")


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
