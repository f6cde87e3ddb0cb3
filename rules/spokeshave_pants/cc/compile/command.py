"""The command line of one compile, built without the engine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spokeshave_pants.platform import ObjectFormat, Platform

TOOLCHAIN_DIR = "__toolchain"
PYTHON_HEADERS_DIR = "__python"
PACKAGES_DIR = "__packages"
OBJECTS_DIR = "__objects"
ZIG = f"{TOOLCHAIN_DIR}/zig"
ZIG_CACHE_DIR = "zig-cache"
# The compiler writes work files to its "cache". Each sandbox has its own, so that actions share no hidden state.
ZIG_ENVIRONMENT = {
    "ZIG_LOCAL_CACHE_DIR": ZIG_CACHE_DIR,
    "ZIG_GLOBAL_CACHE_DIR": ZIG_CACHE_DIR,
    # A relative path, so that no object contains the path of the sandbox, not even in debug information.
    "ZIG_LIB_DIR": f"{TOOLCHAIN_DIR}/lib",
    # The system's temporary directory is not visible in the sandbox.
    "TMPDIR": ".",
}

# Additional flags per object format. Windows objects contain the name of a temporary file unless they are stripped.
_FORMAT_FLAGS = {ObjectFormat.ELF: ("-fPIC",), ObjectFormat.MACHO: ("-fPIC",), ObjectFormat.PE: ("-s",)}
_C_EXTENSION = ".c"
# The languages of assembler sources for clang's `-x`: with a preprocessor or without.
_PLAIN_ASSEMBLER = ".s"
_ASSEMBLERS = {_PLAIN_ASSEMBLER: "assembler", ".S": "assembler-with-cpp", ".sx": "assembler-with-cpp"}
ASSEMBLER_EXTENSIONS = tuple(_ASSEMBLERS)
# Flags of each compile. The user's own flags follow them and win.
_COMMON_FLAGS = (
    "-O2",
    "-g0",
    "-fvisibility=hidden",
    "-ffile-compilation-dir=.",
    "-fno-sanitize=undefined",
    "-DNDEBUG",
    "-fdiagnostics-color=always",
)


@dataclass(frozen=True)
class CompileSettings:
    """The settings of a compile: language standard, macros, flags and include directories.

    Attributes:
        platform_defines: Macros by a glob of the platforms that they apply to. `platform_flags` has the same form.
    """

    cxx_standard: str
    c_standard: str
    defines: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    include_roots: tuple[str, ...] = ()
    system_include_dirs: tuple[str, ...] = ()
    platform_defines: tuple[tuple[str, tuple[str, ...]], ...] = ()
    platform_flags: tuple[tuple[str, tuple[str, ...]], ...] = ()


def for_platform(by_glob: Iterable[tuple[str, tuple[str, ...]]], platform: Platform) -> tuple[str, ...]:
    """Return the values of all globs that match the platform, in order."""
    return tuple(value for glob, values in by_glob if platform.fits([glob]) for value in values)


def for_any_platform(by_glob: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the values for all platforms. A compile has at most some of them."""
    return tuple(value for values in by_glob.values() for value in values)


def is_c(source: str) -> bool:
    """Return whether a source is in C and not in C++."""
    return source.endswith(_C_EXTENSION)


def is_assembler(source: str) -> bool:
    """Return whether a source is in assembler."""
    return source.endswith(ASSEMBLER_EXTENSIONS)


def object_path(source: str) -> str:
    """Return the path of a source's object, in a directory of its own because inputs may be read-only."""
    return f"{OBJECTS_DIR}/{posixpath.splitext(source)[0]}.o"


def dependency_file(source: str) -> str | None:
    """Return the file in which the compiler lists what it read, or None for assembler without a preprocessor."""
    if source.endswith(_PLAIN_ASSEMBLER):
        return None
    return f"{posixpath.splitext(object_path(source))[0]}.d"


def compile_argv(source: str, platform: Platform, settings: CompileSettings) -> tuple[str, ...]:
    """Return the compiler's command line. All paths are relative to the sandbox."""
    cxx = not is_c(source) and not is_assembler(source)
    read = dependency_file(source)
    return (
        ZIG,
        "c++" if cxx else "cc",
        "-target",
        platform.zig_target,
        *_standard(source, settings),
        *_COMMON_FLAGS,
        *_FORMAT_FLAGS[platform.object_format],
        *(("-fvisibility-inlines-hidden",) if cxx else ()),
        *(f"-D{define}" for define in (*settings.defines, *for_platform(settings.platform_defines, platform))),
        *(f"-I{root or '.'}" for root in settings.include_roots),
        *(argument for directory in settings.system_include_dirs for argument in ("-isystem", directory)),
        *settings.flags,
        *for_platform(settings.platform_flags, platform),
        *_without_lto(settings, platform),
        *_language(source),
        *(("-MD", "-MF", read) if read else ()),
        "-c",
        source,
        "-o",
        object_path(source),
    )


def _standard(source: str, settings: CompileSettings) -> tuple[str, ...]:
    if is_assembler(source):
        return ()
    return (f"-std={settings.c_standard if is_c(source) else settings.cxx_standard}",)


def _language(source: str) -> tuple[str, ...]:
    """Return the language flags of an assembler source, because zig does not know all suffixes."""
    language = _ASSEMBLERS.get(posixpath.splitext(source)[1])
    return ("-Wno-unused-command-line-argument", "-x", language) if language else ()


def _without_lto(settings: CompileSettings, platform: Platform) -> tuple[str, ...]:
    """Return the flag that disables LTO for Mach-O, because zig's Mach-O linker does not support it."""
    flags = (*settings.flags, *for_platform(settings.platform_flags, platform))
    lto = platform.object_format is ObjectFormat.MACHO and any(flag.startswith("-flto") for flag in flags)
    return ("-fno-lto",) if lto else ()
