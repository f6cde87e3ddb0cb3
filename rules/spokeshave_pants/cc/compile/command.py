"""The command line of one compile, decided without the engine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_pants.toolchain.platforms import zig_target

TOOLCHAIN_DIR = "__toolchain"
PYTHON_HEADERS_DIR = "__python"
PACKAGES_DIR = "__packages"
OBJECTS_DIR = "__objects"
ZIG = f"{TOOLCHAIN_DIR}/zig"
ZIG_CACHE_DIR = "zig-cache"
# The compiler keeps work files in its "cache"; each sandbox has its own, so that nothing is shared unseen.
ZIG_ENVIRONMENT = {
    "ZIG_LOCAL_CACHE_DIR": ZIG_CACHE_DIR,
    "ZIG_GLOBAL_CACHE_DIR": ZIG_CACHE_DIR,
    # Relative, so that no object ever names the sandbox, not even with debug information.
    "ZIG_LIB_DIR": f"{TOOLCHAIN_DIR}/lib",
    # The machine's folder for temporary files is out of sight.
    "TMPDIR": ".",
}

# What a format's code needs beside. Windows' objects name a temporary file unless they are stripped.
_FORMAT_FLAGS = {ObjectFormat.ELF: ("-fPIC",), ObjectFormat.MACHO: ("-fPIC",), ObjectFormat.PE: ("-s",)}
_C_EXTENSION = ".c"
# The languages of assembler sources, as clang's `-x` takes them: with a preprocessor or without.
_PLAIN_ASSEMBLER = ".s"
_ASSEMBLERS = {_PLAIN_ASSEMBLER: "assembler", ".S": "assembler-with-cpp", ".sx": "assembler-with-cpp"}
ASSEMBLER_EXTENSIONS = tuple(_ASSEMBLERS)
# What every build of a wheel needs (DESIGN.md, "Toolchains"); the user's own flags come later and win.
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
    """What decides a compile beside its inputs: language standard, macros, flags and include directories.

    :param platform_defines: macros by a glob of the platforms that have them; flags likewise.
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
    """The values of every glob that fits the platform, in their order."""
    return tuple(value for glob, values in by_glob if platform.fits([glob]) for value in values)


def for_any_platform(by_glob: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The values for all platforms, of which no compile has more than some."""
    return tuple(value for values in by_glob.values() for value in values)


def is_c(source: str) -> bool:
    return source.endswith(_C_EXTENSION)


def is_assembler(source: str) -> bool:
    return source.endswith(ASSEMBLER_EXTENSIONS)


def object_path(source: str) -> str:
    """Where a source's object goes: named by the source's stem, in a directory apart (inputs may be read-only)."""
    return f"{OBJECTS_DIR}/{posixpath.splitext(source)[0]}.o"


def dependency_file(source: str) -> str | None:
    """The file in which the compiler lists what it read; None for assembler without a preprocessor."""
    if source.endswith(_PLAIN_ASSEMBLER):
        return None
    return f"{posixpath.splitext(object_path(source))[0]}.d"


def compile_argv(source: str, platform: Platform, settings: CompileSettings) -> tuple[str, ...]:
    """The compiler's command line; every path in it is relative to the sandbox."""
    cxx = not is_c(source) and not is_assembler(source)
    read = dependency_file(source)
    return (
        ZIG,
        "c++" if cxx else "cc",
        "-target",
        zig_target(platform),
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
    """An assembler source's language, which zig does not tell by every ending; flags for C mean nothing to it."""
    language = _ASSEMBLERS.get(posixpath.splitext(source)[1])
    return ("-Wno-unused-command-line-argument", "-x", language) if language else ()


def _without_lto(settings: CompileSettings, platform: Platform) -> tuple[str, ...]:
    """zig's linker for Mach-O cannot optimize at link time; what is linked there is compiled as usual."""
    flags = (*settings.flags, *for_platform(settings.platform_flags, platform))
    lto = platform.object_format is ObjectFormat.MACHO and any(flag.startswith("-flto") for flag in flags)
    return ("-fno-lto",) if lto else ()
