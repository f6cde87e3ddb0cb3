"""Make a runtime pack of what zig builds for its first link, by the log of that link.

A runtime pack is what a link needs beside the user's objects: libc++, libc++abi, libunwind, compiler-rt, start files
and stubs of the platform's own libraries, and the linker's command line as a template.

    runtime_pack.py --format FORMAT --zig ZIG --output DIRECTORY --recipe FILE -- COMMAND...

The command is zig's link of one object named `pack`, with `-v`. The recipe is JSON: the linker's `flags` before the
objects, and the `libraries` after them.
"""

from __future__ import annotations

import argparse
import json
import os
import posixpath
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CACHE = "zig-cache"
ELF, MACHO, PE = "ELF", "Mach-O", "PE"
_LINKERS = {ELF: "ld.lld", MACHO: "zig ld", PE: "lld-link"}
_ARCHIVERS = {ELF: "ar rcs", MACHO: "zig ar", PE: "ar rcs"}
_LIBRARY_FILE = re.compile(r"[^-].*\.(?:a|lib|o|obj|so(?:\.[0-9]+)*)")
_ARCHIVE_ENDINGS = (".a", ".lib")
_OBJECT_ENDINGS = (".o", ".obj")
# zig tells neither the name of an archive for macOS; one member of each does.
_MACHO_ARCHIVES = {"algorithm.o": "libc++", "cxa_demangle.o": "libc++abi", "compiler_rt_zcu.o": "libcompiler_rt"}
# By these names lld knows a MinGW runtime, which it keeps out of the exports of a DLL that marks none.
_PE_ARCHIVES = {"zigc": "libmingwex", "compiler_rt": "libclang_rt.builtins"}


class RuntimePackError(Exception):
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


def parse_link_log(log: str, cache_files: Iterable[str], object_format: str, pack: str) -> RuntimePackRecipe:
    """The recipe that zig's `-v` log of one shared-library link tells.

    :param cache_files: every file of zig's cache after that link, relative to the working directory.
    :param pack: the folder that the pack is in when it is used.
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
            elif object_format is PE:
                files[name] = argument  # an import library has no objects
            else:
                raise RuntimePackError(f"The toolchain's archive {argument} has no objects that its log names.")
        else:
            files[name] = argument
        libraries.append(f"{pack}/{name}")
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


def _told_archives(log: str, object_format: str) -> dict[str, list[str]]:
    """The members of each archive whose making the log tells, by its path, or by its name where that is all."""
    lines = _command_lines(log, _ARCHIVERS[object_format])
    if object_format is not MACHO:
        return {archive: members for archive, *members in lines}
    told: dict[str, list[str]] = {}
    for members in lines:
        names = {_MACHO_ARCHIVES.get(posixpath.basename(member)) for member in members} - {None}
        told.update({f"{name}.a": members for name in names})
    return told


def _archive_name(file: str, object_format: str) -> str:
    """The name of an archive in the pack; one way of naming them, whatever the format."""
    stem, ending = posixpath.splitext(file)
    if object_format is not PE or stem.startswith(("lib", "api-ms-")):
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


def _flags(arguments: list[str], object_format: str) -> tuple[str, ...]:
    """The linker's flags before the objects, without the output, which each link names itself."""
    if object_format is PE:
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


def cache_files() -> list[str]:
    """Every file of zig's cache, relative to the working directory."""
    return [path.as_posix() for path in sorted(Path(CACHE).rglob("*")) if path.is_file()]


def make_archive(zig: str, archive: Archive, output: Path) -> None:
    """Archive the members under their stable names, with no time, owner or mode of this machine."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        for name, path in archive.members:
            os.link(path, Path(folder, name))
        command = [os.path.abspath(zig), "ar", "rcsD", archive.name, *(name for name, _ in archive.members)]
        subprocess.run(command, cwd=folder, check=True)
        Path(folder, archive.name).rename(output / archive.name)


def make_pack(zig: str, recipe: RuntimePackRecipe, output: Path) -> None:
    """Leave all that the recipe names in a new folder."""
    output.mkdir()
    for name, path in recipe.files:
        shutil.copyfile(path, output / name)
    for archive in recipe.archives:
        make_archive(zig, archive, output)


def main(arguments: list[str]) -> int:
    """:returns: the exit code; where it is not 0, standard error says why."""
    split = arguments.index("--")
    parser = argparse.ArgumentParser(prog="runtime_pack")
    parser.add_argument("--format", choices=(ELF, MACHO, PE), required=True)
    parser.add_argument("--zig", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, required=True)
    options = parser.parse_args(arguments[:split])
    linked = subprocess.run(arguments[split + 1 :], stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if linked.returncode:
        sys.stderr.write(linked.stderr)
        return linked.returncode
    try:
        recipe = parse_link_log(linked.stderr, cache_files(), options.format, str(options.output))
    except RuntimePackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    make_pack(options.zig, recipe, options.output)
    options.recipe.write_text(json.dumps({"flags": recipe.flags, "libraries": recipe.libraries}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
