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

PACK_DIR = "__pack"
SOURCE_NAME = "pack.cc"
# Something that needs exceptions, so that the link takes all of the C++ runtime.
SOURCE = b"int spokeshave_runtime_pack(int value) { if (value) throw value; return 0; }\n"
OUTPUT_NAME = "libpack.so"

_LINKER = "ld.lld"
_ARCHIVER = ("ar", "rcs")
_LIBRARY_FILE = re.compile(r"[^-].*\.(?:a|o|so(?:\.[0-9]+)*)")


class RuntimePackError(SpokeshaveError):
    """The toolchain's log was not of the form that this version reads."""


@dataclass(frozen=True)
class RuntimePackRecipe:
    """Which files of zig's cache make the pack, under which stable names, and the linker's arguments around them."""

    files: tuple[tuple[str, str], ...]  # (name in the pack, path in the cache)
    flags: tuple[str, ...]
    libraries: tuple[str, ...]


def parse_link_log(log: str, cache_files: Iterable[str]) -> RuntimePackRecipe:
    """The recipe that zig's `-v` log of one shared-library link tells.

    :param cache_files: every file of zig's cache after that link, relative to the sandbox.
    :raises RuntimePackError: where the log has no link line or names files that are not there.
    """
    links = _command_lines(log, (_LINKER,))
    if not links:
        raise RuntimePackError(f"The toolchain's log has no `{_LINKER}` line, so no runtime pack can be made:\n{log}")
    link = links[-1]
    archives = {archive: members for _, _, archive, *members in _command_lines(log, _ARCHIVER)}
    present = set(cache_files)
    files: dict[str, str] = {}
    libraries: list[str] = []
    user_object = _user_object(link)
    for argument in link[link.index(user_object) + 1 :]:
        if _LIBRARY_FILE.fullmatch(argument) is None:
            if not argument.startswith("-L"):
                libraries.append(argument)
        elif argument.endswith(".a"):
            members = archives.get(argument) or _objects_beside(argument, present)
            libraries.extend(_archive_group(argument, members, files))
        else:
            libraries.append(_add(files, posixpath.basename(argument), argument))
    _require_present(files, present)
    return RuntimePackRecipe(
        files=tuple(sorted(files.items())),
        flags=_flags(link[1 : link.index(user_object)]),
        libraries=tuple(libraries),
    )


def _command_lines(log: str, command: tuple[str, ...]) -> list[list[str]]:
    """The lines that run a command, split; what else a log holds is prose, in which an apostrophe is no quote."""
    prefix = " ".join(command) + " "
    return [shlex.split(line) for line in log.splitlines() if line.startswith(prefix)]


def _user_object(link: list[str]) -> str:
    objects = [argument for argument in link if argument.endswith(".o") and posixpath.basename(argument) == "pack.o"]
    if len(objects) != 1:
        raise RuntimePackError(f"The toolchain's link line has no place for the user's objects: {' '.join(link)}")
    return objects[0]


def _flags(arguments: list[str]) -> tuple[str, ...]:
    """The linker's flags before the objects, without the output, which each link names itself."""
    if "-o" not in arguments:
        raise RuntimePackError(f"The toolchain's link line names no output before the objects: {' '.join(arguments)}")
    position = arguments.index("-o")
    return tuple(arguments[:position] + arguments[position + 2 :])


def _objects_beside(archive: str, present: set[str]) -> list[str]:
    """The objects of an archive whose making the log does not tell: zig leaves them in the same directory."""
    directory = posixpath.dirname(archive)
    return sorted(path for path in present if posixpath.dirname(path) == directory and path.endswith(".o"))


def _archive_group(archive: str, members: list[str], files: dict[str, str]) -> list[str]:
    """An archive as a linker group of its objects: the same link, and no archive whose members name a cache."""
    if not members:
        raise RuntimePackError(f"The toolchain's archive {archive} has no objects that its log names.")
    name = posixpath.basename(archive)[: -len(".a")]
    added = [
        _add(files, f"{name}/{index:03}-{posixpath.basename(member)}", member) for index, member in enumerate(members)
    ]
    return ["--start-lib", *added, "--end-lib"]


def _add(files: dict[str, str], name: str, path: str) -> str:
    files[name] = path
    return f"{PACK_DIR}/{name}"


def _require_present(files: dict[str, str], present: set[str]) -> None:
    missing = sorted(path for path in files.values() if path not in present)
    if missing:
        raise RuntimePackError(f"The toolchain's log names files that it did not leave: {', '.join(missing)}")
