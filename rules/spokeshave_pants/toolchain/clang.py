"""The command line of `zig clang`, clang's own driver, for a platform: what zig's driver would add to a compile.

`zig cc` hashes what it reads for a cache of its own, and links each object again. `zig clang` does neither, but
knows nothing of zig's headers. The arguments are those that `zig cc` and `zig c++` print for `-###`, but for processor
features, which follow from the target and the processor.
"""

from __future__ import annotations

from spokeshave_core.platform import Platform, System
from spokeshave_pants.toolchain.layout import libc_headers
from spokeshave_pants.toolchain.platforms import linked_floor

# libc++ is compiled with the same macros in the runtime pack.
_LIBCXX_MACROS = (
    "_LIBCPP_ABI_VERSION=1",
    "_LIBCPP_ABI_NAMESPACE=__1",
    "_LIBCPP_HAS_THREADS=1",
    "_LIBCPP_HAS_MONOTONIC_CLOCK",
    "_LIBCPP_HAS_TERMINAL",
    "_LIBCPP_HAS_MUSL_LIBC={musl}",
    "_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS",
    "_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS",
    "_LIBCPP_HAS_VENDOR_AVAILABILITY_ANNOTATIONS=0",
    "_LIBCPP_HAS_FILESYSTEM=1",
    "_LIBCPP_HAS_RANDOM_DEVICE",
    "_LIBCPP_HAS_LOCALIZATION",
    "_LIBCPP_HAS_UNICODE",
    "_LIBCPP_HAS_WIDE_CHARACTERS",
    "_LIBCPP_HAS_NO_STD_MODULES",
    "{time_zones}",
    "_LIBCPP_PSTL_BACKEND_SERIAL",
    "_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_NONE",
    "_LIBCPP_ASSERTION_SEMANTIC_DEFAULT=_LIBCPP_ASSERTION_SEMANTIC_IGNORE",
)
# The oldest kernel that zig's C libraries are for.
_KERNEL = "unknown-linux5.10.0"
_PROCESSORS = {"arm": "armv7"}
_LINUX_FLAGS = ("-fno-omit-frame-pointer", "-fasynchronous-unwind-tables")
_SYSTEM_FLAGS = {
    System.WINDOWS: ("-fno-omit-frame-pointer", "-Wno-pragma-pack"),
    System.MACOS: ("-fno-stack-protector", "-fasynchronous-unwind-tables", "-Wno-overriding-option"),
}
# The processors that zig compiles for, where clang would choose others; by whether the system is macOS. Whether atomics
# of aarch64 are calls of functions would depend on the version of a gcc that clang finds on the machine.
_PROCESSOR_FLAGS = {
    (True, "x86_64"): ("-march=core2",),
    (False, "aarch64"): ("-mno-outline-atomics",),
    (False, "arm"): ("-mcpu=generic", "-mabi=aapcs", "-mtp=soft"),
    (False, "powerpc64le"): ("-mabi=ieeelongdouble", "-Wno-unsupported-abi"),
    (False, "riscv64"): ("-mno-relax",),
    (False, "s390x"): ("-march=arch11",),
}
# What a C library without C11's <threads.h> says.
_NO_THREADS = "__STDC_NO_THREADS__=1"
_WINDOWS_MACROS = ("__MSVCRT_VERSION__=0xE00", "_WIN32_WINNT=0x0a00", "__CRT__NO_INLINE", _NO_THREADS)
_FIRST_GLIBC_WITH_THREADS = (2, 28)


def clang_target(platform: Platform) -> str:
    """Return the triple of a platform, as clang's `--target` takes it."""
    processor = _PROCESSORS.get(platform.processor, platform.processor)
    if platform.system is System.WINDOWS:
        return f"{processor}-unknown-windows-gnu"
    floor = linked_floor(platform)
    if platform.system is System.MACOS:
        return f"{processor}-apple-macosx{floor[0]}.{floor[1]}.0-unknown"
    if platform.system is System.MUSL:
        return f"{processor}-{_KERNEL}-musl{platform.float_abi}"
    # clang knows no version after the name of a calling convention.
    version = platform.float_abi or f"{floor[0]}.{floor[1]}.0"
    return f"{processor}-{_KERNEL}-gnu{version}"


def clang_flags(platform: Platform) -> tuple[str, ...]:
    """Return the arguments of each compile for a platform, which come before the user's."""
    return (
        "--no-default-config",
        f"--target={clang_target(platform)}",
        "-nostdinc",
        "-fno-spell-checking",
        *_SYSTEM_FLAGS.get(platform.system, _LINUX_FLAGS),
        *_PROCESSOR_FLAGS.get((platform.system is System.MACOS, platform.processor), ()),
    )


def clang_headers(platform: Platform, root: str, *, cxx: bool) -> tuple[str, ...]:
    """Return the arguments that name zig's headers and the macros that they need, which come after the user's.

    Args:
        root: The path of the `ziglang` package.
        cxx: Whether C++ is compiled.
    """
    own = (f"{root}/lib/include", *(f"{root}/lib/libc/include/{folder}" for folder in libc_headers(platform)))
    libcxx = (f"{root}/lib/libcxx/include", f"{root}/lib/libcxxabi/include")
    unwinder = () if platform.system is System.MACOS else (f"{root}/lib/libunwind/include",)
    folders = (*libcxx, *own, *unwinder) if cxx else own
    return (
        *(argument for folder in folders for argument in ("-isystem", folder)),
        *(f"-D{macro}" for macro in (*_c_macros(platform), *(_cxx_macros(platform) if cxx else ()))),
    )


def _c_macros(platform: Platform) -> tuple[str, ...]:
    if platform.system is System.WINDOWS:
        return _WINDOWS_MACROS
    if platform.system is not System.GLIBC:
        return ()
    floor = linked_floor(platform)
    # Older releases say so in <stdc-predef.h>. zig has that of the newest.
    threads = () if floor >= _FIRST_GLIBC_WITH_THREADS else (_NO_THREADS,)
    return (f"__GLIBC_MINOR__={floor[1]}", *threads)


def _cxx_macros(platform: Platform) -> tuple[str, ...]:
    is_linux = platform.system in (System.GLIBC, System.MUSL)
    values = {
        "musl": "1" if platform.system is System.MUSL else "0",
        "time_zones": "_LIBCPP_HAS_TIME_ZONE_DATABASE" if is_linux else "",
    }
    return tuple(filter(None, (macro.format(**values) for macro in _LIBCXX_MACROS)))
