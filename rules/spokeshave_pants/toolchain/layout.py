"""The files of the `ziglang` package that a platform's compiles and links read. Others do not enter their keys."""

from __future__ import annotations

from spokeshave_core.platform import Platform, System
from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.toolchain.platforms import linked_floor

# Files that zig's driver reads for macOS for compiles and links.
_SYSTEM_FILES = {System.MACOS: ("lib/libc/darwin/*",)}
# The functions of each glibc, from which zig generates its stubs.
GLIBC_SYMBOLS = "lib/libc/glibc/abilists"
TYPEINFO = "lib/libcxx/include/typeinfo"
# The licenses of the sources of static libraries. Those of C libraries that wheels take from the system are not listed.
LICENSES = (
    "LICENSE",
    "lib/libc/mingw/COPYING",
    "lib/libcxx/LICENSE.TXT",
    "lib/libcxxabi/LICENSE.TXT",
    "lib/libunwind/LICENSE.TXT",
)

# zig names the header directories of Linux and glibc by the architecture's family.
_HEADER_FAMILIES = {"x86_64": "x86", "powerpc64le": "powerpc", "riscv64": "riscv"}
# For musl's architecture-specific headers, zig names the directory by the family for some architectures only.
_MUSL_FAMILIES = {"powerpc64le": "powerpc64"}
_TYPEINFO_PLACE = "#      ifndef _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION\n"
# Types are compared by name and not by address, as in libstdc++. With libc++ linked statically into each shared
# library, `catch (const std::runtime_error&)` would otherwise not catch exceptions from another library.
_TYPEINFO_BY_NAME = """\
#      if !defined(_LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION) && defined(_LIBCPP_OBJECT_FORMAT_ELF)
#        define _LIBCPP_TYPEINFO_COMPARISON_IMPLEMENTATION 2
#      endif
"""


# The headers that glibc did not have from the beginning of manylinux, and the version that added each. zig has those of
# its newest version only, and code asks for them by `__has_include`.
_GLIBC_HEADERS = {
    "sys/random.h": (2, 25),
    "threads.h": (2, 28),
    "sys/ifunc.h": (2, 30),
    "sys/single_threaded.h": (2, 32),
    "sys/platform/x86.h": (2, 33),
    "sys/rseq.h": (2, 35),
    "sys/pidfd.h": (2, 36),
    "stdbit.h": (2, 39),
    "sys/hwprobe.h": (2, 40),
}


class ToolchainLayoutError(SpokeshaveError):
    """The toolchain package does not have the expected layout."""


def compile_globs(platform: Platform) -> tuple[str, ...]:
    """Return globs of the compiler, its headers, libc++'s and the platform's libc headers, relative to the package."""
    return (
        "zig",
        "lib/std/std.zig",  # by this file zig finds its library directory
        "lib/include/**",
        "lib/libcxx/include/**",
        "lib/libcxxabi/include/**",
        "lib/libunwind/include/**",
        *(f"lib/libc/include/{directory}/**" for directory in libc_headers(platform)),
        *(f"!lib/libc/include/*/{header}" for header in newer_headers(platform)),
        *_SYSTEM_FILES.get(platform.system, ()),
    )


def libc_headers(platform: Platform) -> tuple[str, ...]:
    """Return the folders of the platform's C library and kernel headers, below `lib/libc/include`, in their order."""
    if platform.system is System.MACOS:
        return ("any-darwin-any",)
    if platform.system is System.WINDOWS:
        return ("any-windows-any",)
    family = _HEADER_FAMILIES.get(platform.processor, platform.processor)
    linux = (f"{family}-linux-any", "any-linux-any")
    if platform.system is System.GLIBC:
        return (f"{family}-linux-gnu", "generic-glibc", *linux)
    return (f"{_MUSL_FAMILIES.get(platform.processor, platform.processor)}-linux-musl", "generic-musl", *linux)


def newer_headers(platform: Platform) -> tuple[str, ...]:
    """Return the headers that the platform's glibc is too old for."""
    if platform.system is not System.GLIBC:
        return ()
    floor = linked_floor(platform)
    return tuple(header for header, since in _GLIBC_HEADERS.items() if since > floor)


def link_globs(platform: Platform) -> tuple[str, ...]:
    """Return globs of what a link reads: the compiler's binary, which contains the linker, and macOS' library stub."""
    return ("zig", "lib/std/std.zig", *_SYSTEM_FILES.get(platform.system, ()))


def compare_types_by_name(typeinfo: str) -> str:
    """Return libc++'s `<typeinfo>` with comparison by name on ELF.

    Raises:
        ToolchainLayoutError: If the header does not contain the expected text.
    """
    if typeinfo.count(_TYPEINFO_PLACE) != 1:
        raise ToolchainLayoutError(
            f"{TYPEINFO} of this `ziglang` version selects the comparison of types in an unknown way; pin the "
            f"version that the plugin contains (`[zig-toolchain].requirements`)."
        )
    return typeinfo.replace(_TYPEINFO_PLACE, _TYPEINFO_BY_NAME + _TYPEINFO_PLACE)
