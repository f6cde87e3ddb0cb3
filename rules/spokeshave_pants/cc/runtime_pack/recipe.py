"""The first link of a runtime pack, which makes zig build everything that a link needs besides the user's objects.

`tools/spokeshave/standalone/runtime_pack.py` turns its output into the pack. Here the tool runs in the same process as
zig, because zig's cache is many times larger than the pack and no other process needs it. Remote workers need not have
a Python, so their cache is downloaded and processed here, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_core.json_values import parse_any
from spokeshave_core.platform import ObjectFormat, Platform, System
from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.cc.settings import CompileSettings
from spokeshave_pants.confinement.command import confined_argv
from spokeshave_pants.toolchain.platforms import zig_target
from spokeshave_pants.toolchain.zig import TOOLCHAIN_DIR

PACK_DIR = "__pack"
RECIPE = "__recipe.json"
LOG = "__link.log"
SOURCE_NAME = "pack.cc"
# Code that needs exceptions, so that the link includes all of the C++ runtime.
SOURCE = b"int spokeshave_runtime_pack(int value) { if (value) throw value; return 0; }\n"
OUTPUT_NAME = "libpack.so"
# A worker's sandbox may be its root directory, in which zig 0.17 does not find its own sources by a relative path.
WORK_DIR = "__work"

# Libraries that programs for Windows may need in addition to zig's defaults. An unused library has no effect.
WINDOWS_LIBRARIES = (
    "bcrypt",
    "comdlg32",
    "crypt32",
    "dbghelp",
    "gdi32",
    "iphlpapi",
    "ole32",
    "oleaut32",
    "psapi",
    "secur32",
    "shlwapi",
    "userenv",
    "uuid",
    "version",
    "winmm",
    "ws2_32",
)
# Parts of clang's runtime that zig's lacks or has wrong, by the processors that need them.
_BUILTINS = {
    "cpu_model.c": ("x86_64",),
    "cpu_model_aarch64.c": ("aarch64",),
    "complex_x87.c": ("x86_64",),
    "bfloat16.c": ("aarch64", "arm", "riscv64", "x86_64"),
    "clear_cache.c": ("powerpc64le", "s390x"),
    "lock_free.c": ("aarch64", "arm", "powerpc64le", "riscv64", "s390x", "x86_64"),
    "locked_atomics.c": ("arm",),
}
_FIRST_MACOS_WITH_AVAILABILITY = (10, 15)
# lld does not export archives of this name from a DLL.
_BUILTINS_ARCHIVE = "libclang_rt.builtins-{}.a"
# The first glibc on ppc64le whose printf supports the long double that zig's libc++ is built for.
_FIRST_IEEE128_GLIBC = (2, 32)


class RuntimePackError(SpokeshaveError):
    """The toolchain did not build its runtime, or its log has an unknown format."""


@dataclass(frozen=True)
class RuntimePackRecipe:
    """The linker's arguments before and after the user's objects. Paths are below `PACK_DIR`.

    Attributes:
        archives: Static libraries by name, and the names of their members.
    """

    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    archives: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def parse(cls, text: str) -> RuntimePackRecipe:
        """Parse the file `RECIPE` that the tool wrote."""
        facts = parse_any(text)
        archives = tuple((name, tuple(members)) for name, members in facts["archives"].items())
        return cls(tuple(facts["flags"]), tuple(facts["libraries"]), archives)


def pack_description(platform: Platform) -> str:
    """The description of the process that makes a runtime pack."""
    return f"Make the runtime pack for {platform} (libc++, start files; once per toolchain)"


def first_link_argv(zig: str, platform: Platform) -> tuple[str, ...]:
    """Return the compiler's command line whose log contains the recipe."""
    windows = platform.object_format is ObjectFormat.PE
    return (
        *(zig, "c++", "-target", zig_target(platform), "-O2", "-g0", *(() if windows else ("-fPIC",)), "-shared", "-s"),
        *("-fvisibility=hidden", SOURCE_NAME, *own_sources(platform)),
        *(*((f"-l{name}" for name in WINDOWS_LIBRARIES) if windows else ()), "-o", OUTPUT_NAME, "-v"),
    )


def make_argv(zig: str, platform: Platform) -> tuple[str, ...]:
    """Return the tool's arguments to run zig and to process its output."""
    link = first_link_argv(zig, platform)
    return ("make", *_files(platform), "--zig", zig, "--", *confined_argv(link, [TOOLCHAIN_DIR]))


def unpack_argv(platform: Platform) -> tuple[str, ...]:
    """Return the tool's arguments to process the output of a zig that ran remotely."""
    return ("unpack", *_files(platform), "--log", LOG)


def _files(platform: Platform) -> tuple[str, ...]:
    return ("--format", platform.object_format.value, "--output", PACK_DIR, "--recipe", RECIPE)


def archive_argv(zig: str, name: str, members: Iterable[str]) -> tuple[str, ...]:
    """Return zig's command for a static library of members in the working directory, the same that the tool runs."""
    return (zig, "ar", "rcsD", name, *members)


def own_sources(platform: Platform) -> tuple[str, ...]:
    """Return C sources of the plugin that become part of the pack, for functions that a platform lacks."""
    old = platform.system is System.GLIBC and (platform.floor or (0, 0)) < _FIRST_IEEE128_GLIBC
    return ("ieee128.c",) if old and platform.architecture == "ppc64le" else ()


@dataclass(frozen=True)
class BuiltinsLibrary:
    """What compilers call and zig's runtime lacks, such as `__builtin_cpu_supports`: C sources, and an archive's name.

    It is compiled separately from the pack. Each object of the archive is linked only where it is used, and its
    action takes a second, not the minute of another pack. It comes before zig's runtime, whose functions it replaces.
    """

    sources: tuple[str, ...]
    archive: str


def builtins_library(platform: Platform) -> BuiltinsLibrary:
    """Return the library that a platform's links need besides zig's."""
    sources = [source for source, processors in _BUILTINS.items() if platform.processor in processors]
    if platform.system is System.WINDOWS and platform.processor == "aarch64":
        sources.append("clear_cache.c")
    if platform.system is System.MACOS and (platform.floor or (0, 0)) < _FIRST_MACOS_WITH_AVAILABILITY:
        sources.append("availability.c")
    return BuiltinsLibrary(tuple(sources), _BUILTINS_ARCHIVE.format(platform.processor))


def builtins_settings() -> CompileSettings:
    """Return its compile settings. An ifunc resolver runs it before relocation, so it must not call other functions."""
    return CompileSettings(cxx_standard="c++17", c_standard="gnu17", flags=("-fno-stack-protector",))
