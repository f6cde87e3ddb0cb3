"""The command line of one compile, built without the engine."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable

from spokeshave_core.platform import ObjectFormat, Platform
from spokeshave_core.problems import bullet_list
from spokeshave_core.python_abi import PythonAbi
from spokeshave_pants.cc.build_type import BuildType
from spokeshave_pants.cc.languages import ASSEMBLERS, PLAIN_ASSEMBLER, is_assembler, is_c
from spokeshave_pants.cc.settings import PACKAGES_DIR, CompileSettings, for_platform
from spokeshave_pants.errors import InvalidTargetError
from spokeshave_pants.toolchain.clang import clang_flags, clang_headers
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR, ZIG

PYTHON_HEADERS_DIR = "__python"
CARRIED_HEADERS_DIR = "__spokeshave"
OBJECTS_DIR = "__objects"

# Additional flags per object format.
_FORMAT_FLAGS = {ObjectFormat.ELF: ("-fPIC",), ObjectFormat.MACHO: ("-fPIC",), ObjectFormat.PE: ()}
# Flags of each compile. The user's own flags follow them and win. The compilation directory `.` makes the paths of
# debug information relative to the build root. `__DATE__` and `__TIME__` differ from one run to the next. Flags for a
# link among the flags of a compile have no effect.
_COMMON_FLAGS = (
    "-fvisibility=hidden",
    "-ffile-compilation-dir=.",
    "-Werror=date-time",
    "-Wno-unused-command-line-argument",
)
_ASSERTION_FLAGS = {BuildType.RELEASE: ("-DNDEBUG",), BuildType.DEBUG: ()}


def object_path(source: str) -> str:
    """Return the path of a source's object, in a directory of its own because inputs may be read-only."""
    return f"{OBJECTS_DIR}/{posixpath.splitext(source)[0]}.o"


def dependency_file(source: str) -> str | None:
    """Return the file in which the compiler lists what it read, or None for assembler without a preprocessor."""
    if source.endswith(PLAIN_ASSEMBLER):
        return None
    return f"{posixpath.splitext(object_path(source))[0]}.d"


def compile_argv(
    source: str, platform: Platform, settings: CompileSettings, build_type: BuildType = BuildType.RELEASE
) -> tuple[str, ...]:
    """Return the compiler's command line. All paths are relative to the sandbox.

    Include directories of the user and of packages come before those of the C and C++ libraries, as with any compiler.
    """
    cxx = not is_c(source) and not is_assembler(source)
    read = dependency_file(source)
    return (
        ZIG,
        "clang",
        *clang_flags(platform),
        *_standard(source, settings),
        *_optimization(platform, build_type),
        *_COMMON_FLAGS,
        *_ASSERTION_FLAGS[build_type],
        "-fdiagnostics-color=always",
        *_FORMAT_FLAGS[platform.object_format],
        *(("-fvisibility-inlines-hidden",) if cxx else ()),
        *(f"-D{define}" for define in (*settings.defines, *for_platform(settings.platform_defines, platform))),
        *(f"-I{root or '.'}" for root in settings.include_roots),
        *(argument for directory in settings.system_include_dirs for argument in ("-isystem", directory)),
        *settings.flags,
        *for_platform(settings.platform_flags, platform),
        *_without_lto(settings, platform),
        *clang_headers(platform, TOOLCHAIN_DIR, cxx=cxx),
        *_language(source),
        *(("-MD", "-MF", read) if read else ()),
        "-c",
        source,
        "-o",
        object_path(source),
    )


def _optimization(platform: Platform, build_type: BuildType) -> tuple[str, ...]:
    if build_type is BuildType.RELEASE:
        return ("-O2", "-g0")
    # The debug information of the other formats contains paths of the machine: on Windows the compiler's command line,
    # and on macOS, where it stays in the objects, their paths.
    debugged = "-gdwarf-4" if platform.object_format is ObjectFormat.ELF else "-g0"
    return ("-O0", debugged, "-fstack-protector-strong", "--param", "ssp-buffer-size=4")


def _standard(source: str, settings: CompileSettings) -> tuple[str, ...]:
    if is_assembler(source):
        return ()
    return (f"-std={settings.c_standard if is_c(source) else settings.cxx_standard}",)


def _language(source: str) -> tuple[str, ...]:
    """Return the language flags of an assembler source, because clang does not know all suffixes."""
    language = ASSEMBLERS.get(posixpath.splitext(source)[1])
    return ("-x", language) if language else ()


def _without_lto(settings: CompileSettings, platform: Platform) -> tuple[str, ...]:
    """Return the flag that disables LTO for Mach-O, because zig's Mach-O linker does not support it."""
    flags = (*settings.flags, *for_platform(settings.platform_flags, platform))
    lto = platform.object_format is ObjectFormat.MACHO and any(flag.startswith("-flto") for flag in flags)
    return ("-fno-lto",) if lto else ()


def check_object_names(sources: Iterable[str], *, where: str) -> None:
    """Check that no two sources have the same object name.

    Raises:
        InvalidTargetError: If there are such pairs. The message names all of them.
    """
    by_object: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        by_object[object_path(source)].append(source)
    clashes = [f"{' and '.join(group)} both compile to {name}" for name, group in by_object.items() if len(group) > 1]
    if clashes:
        raise InvalidTargetError(
            f"{where} has sources whose objects have the same name:\n{bullet_list(clashes)}\n"
            "Rename one of each pair, or remove it from `sources`."
        )


def display_name(source: str) -> str:
    """Return a source's path for messages: third-party sources are shown without the sandbox directory."""
    path = posixpath.normpath(source)
    packages = f"{PACKAGES_DIR}/"
    return path[len(packages) :] if path.startswith(packages) else path


def compile_description(source: str, platform: Platform, abi: PythonAbi | None) -> str:
    """The description of a compile; a source that does not reach `Python.h` has no ABI."""
    return f"Compile {display_name(source)} for {platform}" + (f" and {abi}" if abi else "")
