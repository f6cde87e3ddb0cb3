"""How a runtime pack is made of what zig builds for its first link: decided from its log, without the engine.

A runtime pack is what a link needs beside the user's objects: libc++, libc++abi, libunwind, compiler-rt, start files
and stubs of the platform's own libraries, and the linker's command line as a template.
"""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass
from typing import Iterable

from spokeshave_pants.errors import SpokeshaveError

PACK_DIR = "__pack"
SOURCE_NAME = "pack.cc"
# Something that needs exceptions, so that the link takes all of the C++ runtime.
SOURCE = b"int spokeshave_runtime_pack(int value) { if (value) throw value; return 0; }\n"
OUTPUT_NAME = "libpack.so"

_LINKER = "ld.lld"


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
    lines = [shlex.split(line) for line in log.splitlines()]
    link = next((line for line in reversed(lines) if line[:1] == [_LINKER]), None)
    if link is None:
        raise RuntimePackError(f"The toolchain's log has no `{_LINKER}` line, so no runtime pack can be made:\n{log}")
    archives = {line[2]: line[3:] for line in lines if line[:2] == ["ar", "rcs"]}
    present = set(cache_files)
    files: dict[str, str] = {}
    libraries: list[str] = []
    user_object = _user_object(link)
    for argument in link[link.index(user_object) + 1 :]:
        if argument not in present:
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


def _user_object(link: list[str]) -> str:
    objects = [argument for argument in link if argument.endswith(".o") and posixpath.basename(argument) == "pack.o"]
    if len(objects) != 1:
        raise RuntimePackError(f"The toolchain's link line has no place for the user's objects: {' '.join(link)}")
    return objects[0]


def _flags(arguments: list[str]) -> tuple[str, ...]:
    """The linker's flags before the objects, without the output, which each link names itself."""
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
