"""How a runtime pack is made of what zig builds for its first link: decided from its log, without the engine.

A runtime pack is what a link needs beside the user's objects: libc++, libc++abi, libunwind, compiler-rt, start files
and stubs of the platform's own libraries, and the linker's command line as a template.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from spokeshave_pants.errors import SpokeshaveError
from spokeshave_pants.platform import ObjectFormat, Platform, System

PACK_DIR = "__pack"
SOURCE_NAME = "pack.cc"
# Something that needs exceptions, so that the link takes all of the C++ runtime.
SOURCE = b"int spokeshave_runtime_pack(int value) { if (value) throw value; return 0; }\n"
OUTPUT_NAME = "libpack.so"

# What a program for Windows may ask for beside what zig links by itself; a library that nothing uses leaves no trace.
_WINDOWS_LIBRARIES = (
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
# The first glibc whose printf on ppc64le knows the long double that zig's libc++ is built for.
_FIRST_IEEE128_GLIBC = (2, 32)
_LINKERS = {ObjectFormat.ELF: "ld.lld", ObjectFormat.MACHO: "zig ld", ObjectFormat.PE: "lld-link"}
_ARCHIVERS = {ObjectFormat.ELF: "ar rcs", ObjectFormat.MACHO: "zig ar", ObjectFormat.PE: "ar rcs"}
_LIBRARY_FILE = re.compile(r"[^-].*\.(?:a|lib|o|obj|so(?:\.[0-9]+)*)")
_ARCHIVE_ENDINGS = (".a", ".lib")
_OBJECT_ENDINGS = (".o", ".obj")
# zig tells neither the name of an archive for macOS; one member of each does.
_MACHO_ARCHIVES = {"algorithm.o": "libc++", "cxa_demangle.o": "libc++abi", "compiler_rt_zcu.o": "libcompiler_rt"}
# By these names lld knows a MinGW runtime, which it keeps out of the exports of a DLL that marks none.
_PE_ARCHIVES = {"zigc": "libmingwex", "compiler_rt": "libclang_rt.builtins"}


class RuntimePackError(SpokeshaveError):
    """The toolchain's log was not of the form that this version reads."""


@dataclass(frozen=True)
class Archive:
    """A static library of the pack: its file name in the pack, and its members' names and paths in zig's cache.

    zig's own archives name its cache, so each is made anew of its members under stable names.
    """

    name: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RuntimePackRecipe:
    """Which files of zig's cache make the pack, under which stable names, and the linker's arguments around them."""

    files: tuple[tuple[str, str], ...]  # (name in the pack, path in the cache)
    archives: tuple[Archive, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...]


def first_link_argv(zig: str, platform: Platform) -> tuple[str, ...]:
    """The compiler's command line whose log tells the recipe."""
    windows = platform.object_format is ObjectFormat.PE
    return (
        *(zig, "c++", "-target", platform.zig_target, "-O2", "-g0", *(() if windows else ("-fPIC",)), "-shared", "-s"),
        *("-fvisibility=hidden", SOURCE_NAME, *own_sources(platform)),
        *(*((f"-l{name}" for name in _WINDOWS_LIBRARIES) if windows else ()), "-o", OUTPUT_NAME, "-v"),
    )


def own_sources(platform: Platform) -> tuple[str, ...]:
    """Sources that the plugin carries and that become part of the pack, for what a platform lacks."""
    old = platform.system is System.GLIBC and (platform.floor or (0, 0)) < _FIRST_IEEE128_GLIBC
    return ("ieee128.c",) if old and platform.architecture == "ppc64le" else ()


def parse_link_log(log: str, cache_files: Iterable[str], object_format: ObjectFormat) -> RuntimePackRecipe:
    """The recipe that zig's `-v` log of one shared-library link tells.

    :param cache_files: every file of zig's cache after that link, relative to the sandbox.
    :raises RuntimePackError: where the log has no link line or names files that are not there.
    """
    linker = _LINKERS[object_format]
    links = _command_lines(log, linker)
    if not links:
        raise RuntimePackError(f"The toolchain's log has no `{linker}` line, so no runtime pack can be made:\n{log}")
    before, after = _split_at_object(links[-1])
    present = set(cache_files)
    known = _told_archives(log, object_format)
    files: dict[str, str] = {}
    archives: dict[str, Archive] = {}
    libraries: list[str] = []
    for argument in after:
        if _LIBRARY_FILE.fullmatch(argument) is None:
            if not argument.startswith("-L"):
                libraries.append(argument)
            continue
        name = posixpath.basename(argument)
        if argument.endswith(_ARCHIVE_ENDINGS):
            name = _archive_name(name, object_format)
            members = known.get(argument) or known.get(name) or _objects_beside(argument, present)
            if members:
                archives[name] = _archive(name, members)
            elif object_format is ObjectFormat.PE:
                files[name] = argument  # an import library has no objects
            else:
                raise RuntimePackError(f"The toolchain's archive {argument} has no objects that its log names.")
        else:
            files[name] = argument
        libraries.append(f"{PACK_DIR}/{name}")
    _require_present([*files.values(), *(path for a in archives.values() for _, path in a.members)], present)
    return RuntimePackRecipe(
        files=tuple(sorted(files.items())),
        archives=tuple(archives.values()),
        flags=_flags(before, object_format),
        libraries=tuple(libraries),
    )


def _command_lines(log: str, command: str) -> list[list[str]]:
    """The arguments of the lines that run a command; what else a log holds is prose, in which an apostrophe is none."""
    prefix = command + " "
    return [shlex.split(line[len(prefix) :]) for line in log.splitlines() if line.startswith(prefix)]


def _split_at_object(link: list[str]) -> tuple[list[str], list[str]]:
    """The arguments before and after the user's object."""
    places = [place for place, argument in enumerate(link) if posixpath.basename(argument) in ("pack.o", "pack.obj")]
    if len(places) != 1:
        raise RuntimePackError(f"The toolchain's link line has no place for the user's objects: {' '.join(link)}")
    return link[: places[0]], link[places[0] + 1 :]


def _told_archives(log: str, object_format: ObjectFormat) -> dict[str, list[str]]:
    """The members of each archive whose making the log tells, by its path, or by its name where that is all."""
    lines = _command_lines(log, _ARCHIVERS[object_format])
    if object_format is not ObjectFormat.MACHO:
        return {archive: members for archive, *members in lines}
    told: dict[str, list[str]] = {}
    for members in lines:
        names = {_MACHO_ARCHIVES.get(posixpath.basename(member)) for member in members} - {None}
        told.update({f"{name}.a": members for name in names})
    return told


def _archive_name(file: str, object_format: ObjectFormat) -> str:
    """The name of an archive in the pack; one way of naming them, whatever the format."""
    stem, ending = posixpath.splitext(file)
    if object_format is not ObjectFormat.PE or stem.startswith(("lib", "api-ms-")):
        return file
    return _PE_ARCHIVES.get(stem, f"lib{stem}") + ending


def _archive(name: str, members: list[str]) -> Archive:
    return Archive(
        name, tuple((f"{index:03}-{posixpath.basename(member)}", member) for index, member in enumerate(members))
    )


def _objects_beside(archive: str, present: set[str]) -> list[str]:
    """The objects of an archive whose making the log does not tell: zig leaves them in the same directory."""
    directory = posixpath.dirname(archive)
    return sorted(path for path in present if posixpath.dirname(path) == directory and path.endswith(_OBJECT_ENDINGS))


def _flags(arguments: list[str], object_format: ObjectFormat) -> tuple[str, ...]:
    """The linker's flags before the objects, without the output, which each link names itself."""
    if object_format is ObjectFormat.PE:
        outputs = [argument for argument in arguments if argument.startswith(("-OUT:", "-IMPLIB:"))]
        kept = [argument for argument in arguments if argument not in outputs]
    else:
        outputs = arguments[arguments.index("-o") :][:2] if "-o" in arguments else []
        place = arguments.index("-o") if outputs else 0
        kept = arguments[:place] + arguments[place + 2 :]
    if not outputs:
        raise RuntimePackError(f"The toolchain's link line names no output before the objects: {' '.join(arguments)}")
    return tuple(kept)


def _require_present(paths: Iterable[str], present: set[str]) -> None:
    missing = sorted(path for path in paths if path not in present)
    if missing:
        raise RuntimePackError(f"The toolchain's log names files that it did not leave: {', '.join(missing)}")
