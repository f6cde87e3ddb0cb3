"""The first link of a runtime pack: what makes zig build all that a link needs beside the user's objects.

What is made of that link is decided in `tools/spokeshave/standalone/runtime_pack.py`. Here it runs in the same process:
what zig leaves in its cache is many times the pack, and nothing else needs it. Workers need not have a Python for it;
so zig's cache comes here from them, and the pack is the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_core.platform import ObjectFormat, Platform, System
from spokeshave_core.problems import SpokeshaveError
from spokeshave_pants.cc.compile.command import TOOLCHAIN_DIR, CompileSettings
from spokeshave_pants.confinement.command import confined_argv
from spokeshave_pants.toolchain.platforms import zig_target

PACK_DIR = "__pack"
RECIPE = "__recipe.json"
LOG = "__link.log"
SOURCE_NAME = "pack.cc"
# Something that needs exceptions, so that the link takes all of the C++ runtime.
SOURCE = b"int spokeshave_runtime_pack(int value) { if (value) throw value; return 0; }\n"
OUTPUT_NAME = "libpack.so"

# What a program for Windows may ask for beside what zig links by itself; a library that nothing uses leaves no trace.
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
# clang's runtime for run-time dispatch, which zig's lacks. lld keeps an archive of this name out of a DLL's exports.
_DISPATCH_SOURCES = {"x86_64": "cpu_model.c", "aarch64": "cpu_model_aarch64.c"}
_DISPATCH_ARCHIVE = "libclang_rt.builtins-{}.a"
# The first glibc whose printf on ppc64le knows the long double that zig's libc++ is built for.
_FIRST_IEEE128_GLIBC = (2, 32)


class RuntimePackError(SpokeshaveError):
    """The toolchain did not make its runtime, or its log was not of the form that this version reads."""


@dataclass(frozen=True)
class RuntimePackRecipe:
    """The linker's arguments before and after the user's objects; paths are below `PACK_DIR`.

    :param archives: static libraries by name, and the names of their members.
    """

    flags: tuple[str, ...]
    libraries: tuple[str, ...]
    archives: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def parse(cls, text: str) -> RuntimePackRecipe:
        """What the tool left in `RECIPE`."""
        facts = json.loads(text)
        archives = tuple((name, tuple(members)) for name, members in facts["archives"].items())
        return cls(tuple(facts["flags"]), tuple(facts["libraries"]), archives)


def first_link_argv(zig: str, platform: Platform) -> tuple[str, ...]:
    """The compiler's command line whose log tells the recipe."""
    windows = platform.object_format is ObjectFormat.PE
    return (
        *(zig, "c++", "-target", zig_target(platform), "-O2", "-g0", *(() if windows else ("-fPIC",)), "-shared", "-s"),
        *("-fvisibility=hidden", SOURCE_NAME, *own_sources(platform)),
        *(*((f"-l{name}" for name in WINDOWS_LIBRARIES) if windows else ()), "-o", OUTPUT_NAME, "-v"),
    )


def make_argv(zig: str, platform: Platform) -> tuple[str, ...]:
    """The tool's arguments where it runs zig: how that is done, and what is made of what zig leaves."""
    link = first_link_argv(zig, platform)
    return ("make", *_files(platform), "--zig", zig, "--", *confined_argv(link, [TOOLCHAIN_DIR]))


def unpack_argv(platform: Platform) -> tuple[str, ...]:
    """The tool's arguments where zig has run elsewhere."""
    return ("unpack", *_files(platform), "--log", LOG)


def _files(platform: Platform) -> tuple[str, ...]:
    return ("--format", platform.object_format.value, "--output", PACK_DIR, "--recipe", RECIPE)


def archive_argv(zig: str, name: str, members: Iterable[str]) -> tuple[str, ...]:
    """How zig makes a static library of members in the working directory, as the tool does where it runs zig."""
    return (zig, "ar", "rcsD", name, *members)


def own_sources(platform: Platform) -> tuple[str, ...]:
    """Sources that the plugin carries and that become part of the pack, for what a platform lacks."""
    old = platform.system is System.GLIBC and (platform.floor or (0, 0)) < _FIRST_IEEE128_GLIBC
    return ("ieee128.c",) if old and platform.architecture == "ppc64le" else ()


@dataclass(frozen=True)
class DispatchLibrary:
    """What `__builtin_cpu_supports`, `target_clones` and the like refer to: a carried source, and its archive's name.

    It is compiled beside the pack and not in it: an archive of one object, so that only what refers to it contains it,
    and an action of a second instead of another pack of a minute.
    """

    source: str
    archive: str


def dispatch_library(platform: Platform) -> DispatchLibrary | None:
    """The library for run-time dispatch on a platform; None where the compiler refers to none."""
    source = _DISPATCH_SOURCES.get(platform.processor)
    return DispatchLibrary(source, _DISPATCH_ARCHIVE.format(platform.processor)) if source else None


def dispatch_settings() -> CompileSettings:
    """Its flags: an ifunc's resolver runs it before its library is relocated, so it must not call anything."""
    return CompileSettings(cxx_standard="c++17", c_standard="gnu17", flags=("-fno-stack-protector",))
