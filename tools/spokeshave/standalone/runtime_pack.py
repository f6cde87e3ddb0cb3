"""Make a runtime pack from the output of zig's first link.

A runtime pack contains everything that a link needs besides the user's objects: libc++, libc++abi, libunwind,
compiler-rt, start files and stubs of the platform's own libraries, and the linker's command line as a template.

    runtime_pack.py make --format FORMAT --zig ZIG --output DIRECTORY --recipe FILE -- COMMAND...
    runtime_pack.py unpack --format FORMAT --log FILE --output DIRECTORY --recipe FILE

The command is zig's link of one object named `pack`, with `-v`. The recipe is JSON: the linker's `flags` before the
objects, and the `libraries` after them.

If compilers run remotely and this program runs locally, zig's log and its cache are downloaded. `unpack` writes a
directory of members for each static library, and their names to the recipe, as `archives`. zig's `ar` then runs
remotely too.
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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ELF = "ELF"
MACHO = "Mach-O"
PE = "PE"
_LINKERS = {ELF: "ld.lld", MACHO: "zig ld", PE: "lld-link"}
_LIBRARY_FILE = re.compile(r"[^-].*\.(?:a|lib|o|obj|so(?:\.[0-9]+)*)")
_ARCHIVE_ENDINGS = (".a", ".lib")
_MAGIC = b"!<arch>\n"
_HEADER = 60
# Before the length of a name that is at the beginning of the content.
_BSD_NAME = b"#1/"
# In the table of names.
_END_OF_NAME = re.compile(rb"[\n\0]")
# Of a file, after the number that `lay_out` puts before it.
_LONGEST_NAME = 200
_SYMBOL_TABLES = (b"/", b"/SYM64/", b"/<ECSYMBOLS>/")
_BSD_SYMBOL_TABLE = "__.SYMDEF"
_OBJECT_ENDINGS = (".o", ".obj")
# By these names lld recognizes a MinGW runtime, which it does not export from a DLL without marked exports.
_PE_ARCHIVES = {"zigc": "libmingwex", "compiler_rt": "libclang_rt.builtins"}


class RuntimePackError(Exception):
    """The toolchain's log or output has an unknown format."""


@dataclass(frozen=True)
class RuntimePackRecipe:
    """The files of zig's cache that make the pack, their stable names, and the linker's arguments around them."""

    files: tuple[tuple[str, str], ...]  # (name in the pack, path in the cache)
    flags: tuple[str, ...]
    libraries: tuple[str, ...]


def parse_link_log(log: str, object_format: str, pack: str) -> RuntimePackRecipe:
    """Parse the recipe from zig's `-v` log of one shared-library link.

    Args:
        pack: The directory of the pack when it is used.

    Raises:
        RuntimePackError: If the log has no link line of the known form.
    """
    linker = _LINKERS[object_format]
    links = _command_lines(log, linker)
    if not links:
        raise RuntimePackError(f"The toolchain's log has no `{linker}` line, so no runtime pack can be made:\n{log}")
    before, after = _split_at_object(links[-1])
    files: dict[str, str] = {}
    libraries: list[str] = []
    for argument in after:
        if _LIBRARY_FILE.fullmatch(argument):
            name = _name_in_pack(posixpath.basename(argument), object_format)
            files[name] = argument
            libraries.append(f"{pack}/{name}")
        elif not argument.startswith("-L"):
            libraries.append(argument)
    return RuntimePackRecipe(tuple(sorted(files.items())), _flags(before, object_format), tuple(libraries))


def _command_lines(log: str, command: str) -> list[list[str]]:
    """Return the arguments of the lines that run a command. Other lines are prose, in which quotes have no meaning."""
    prefix = command + " "
    try:
        return [shlex.split(line[len(prefix) :]) for line in log.splitlines() if line.startswith(prefix)]
    except ValueError as err:
        raise RuntimePackError(f"The toolchain's log has a command line that cannot be read ({err}):\n{log}") from err


def _split_at_object(link: list[str]) -> tuple[list[str], list[str]]:
    """Return the arguments before and after the user's object."""
    places = [place for place, argument in enumerate(link) if posixpath.basename(argument) in ("pack.o", "pack.obj")]
    if len(places) != 1:
        raise RuntimePackError(f"The toolchain's link line has no place for the user's objects: {' '.join(link)}")
    return link[: places[0]], link[places[0] + 1 :]


def _name_in_pack(file: str, object_format: str) -> str:
    """Return the name of a file in the pack. Archives have names of the same form in all formats."""
    stem, ending = posixpath.splitext(file)
    if object_format != PE or ending not in _ARCHIVE_ENDINGS or stem.startswith(("lib", "api-ms-")):
        return file
    return _PE_ARCHIVES.get(stem, f"lib{stem}") + ending


def _flags(arguments: list[str], object_format: str) -> tuple[str, ...]:
    """Return the linker's flags before the objects, without the output, which each link sets itself."""
    if object_format == PE:
        outputs = [argument for argument in arguments if argument.startswith(("-OUT:", "-IMPLIB:"))]
        kept = [argument for argument in arguments if argument not in outputs]
    else:
        outputs = arguments[arguments.index("-o") :][:2] if "-o" in arguments else []
        place = arguments.index("-o") if outputs else 0
        kept = arguments[:place] + arguments[place + 2 :]
    if not outputs:
        raise RuntimePackError(f"The toolchain's link line names no output before the objects: {' '.join(arguments)}")
    return tuple(kept)


def read_archive(data: bytes) -> list[tuple[str, bytes]]:
    """Return the members of a static library, each with the last part of its name, without symbol tables.

    Both forms of long names are supported: the table of System V's and COFF's archives, and BSD's names before the
    data.

    Raises:
        RuntimePackError: If it is not an archive, or damaged.
    """
    members: list[tuple[str, bytes]] = []
    names = b""
    for field, body in _entries(data):
        if field == b"//":
            names = body
        elif field.startswith(_BSD_NAME):
            length = _number(field[len(_BSD_NAME) :], len(body))
            members.append((_member_name(body[:length].rstrip(b"\0")), body[length:]))
        elif field[:1] == b"/" and field[1:2].isdigit():
            start = _number(field[1:], len(names))
            end = _END_OF_NAME.search(names, start)
            members.append((_member_name(names[start : end.start() if end else None]), body))
        elif field not in _SYMBOL_TABLES:
            members.append((_member_name(field), body))
    return [(name, body) for name, body in members if not name.startswith(_BSD_SYMBOL_TABLE)]


def _entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name field and the content of each entry of an archive, symbol tables and tables of names too."""
    if not data.startswith(_MAGIC):
        raise RuntimePackError("A static library of the toolchain is not an archive.")
    place = len(_MAGIC)
    while place < len(data):
        header = data[place : place + _HEADER]
        if header[58:] != b"`\n":
            raise _damaged()
        start = place + _HEADER
        place = start + _number(header[48:58].rstrip(b" "), len(data) - start)
        yield header[:16].rstrip(b" "), data[start:place]
        place += place % 2


def _member_name(name: bytes) -> str:
    """Return the last part of a member's name. System V's end with a slash, and zig's contain paths of its cache."""
    try:
        last = posixpath.basename(name.decode("utf-8").rstrip("/"))
    except UnicodeDecodeError:
        last = ""
    if not last.isprintable() or not 0 < len(last.encode()) <= _LONGEST_NAME:
        raise _damaged()
    return last


def _number(field: bytes, most: int) -> int:
    """Return the number in a field of decimal digits, which is not larger than what there is."""
    # int() also takes signs, spaces and underscores.
    if not field.isdigit() or int(field) > most:
        raise _damaged()
    return int(field)


def _damaged() -> RuntimePackError:
    return RuntimePackError("A static library of the toolchain is damaged.")


def lay_out(recipe: RuntimePackRecipe, output: Path) -> dict[str, list[str]]:
    """Copy all files of the recipe to a new directory, static libraries as directories of their members.

    Import libraries, which contain no objects, are copied unchanged.

    Returns:
        The members of each static library, in an order and with names that do not depend on this machine.
    """
    output.mkdir()
    archives: dict[str, list[str]] = {}
    for name, path in recipe.files:
        members = read_archive(Path(path).read_bytes()) if path.endswith(_ARCHIVE_ENDINGS) else []
        if not any(member.endswith(_OBJECT_ENDINGS) for member, _ in members):
            shutil.copyfile(path, output / name)
            continue
        (output / name).mkdir()
        archives[name] = []
        for index, (member, body) in enumerate(sorted(members)):
            archives[name].append(f"{index:03}-{member}")
            (output / name / archives[name][-1]).write_bytes(body)
    return archives


def make_archive(zig: str, folder: Path, members: list[str]) -> None:
    """Replace a directory of members by a static library, without times, owners or modes of this machine."""
    archive = folder.with_name(f"{folder.name}.made")
    subprocess.run([os.path.abspath(zig), "ar", "rcsD", f"../{archive.name}", *members], cwd=folder, check=True)
    shutil.rmtree(folder)
    archive.rename(folder)


def link(command: list[str]) -> str:
    """Run zig's link and return its log.

    Raises:
        RuntimePackError: If it fails. The message contains its output.
    """
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if done.returncode:
        raise RuntimePackError(done.stderr)
    return done.stderr


def main(arguments: list[str]) -> int:
    """Run the program and return the exit code. If it is not 0, standard error has the reason."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="runtime_pack")
    parser.add_argument("action", choices=("make", "unpack"))
    parser.add_argument("--format", choices=(ELF, MACHO, PE), required=True)
    parser.add_argument("--zig")
    parser.add_argument("--log", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, required=True)
    options = parser.parse_args(arguments[:split])
    try:
        log = options.log.read_text(errors="replace") if options.action == "unpack" else link(arguments[split + 1 :])
        recipe = parse_link_log(log, options.format, str(options.output))
        archives = lay_out(recipe, options.output)
        if options.action == "make":
            for name, members in archives.items():
                make_archive(options.zig, options.output / name, members)
    except (RuntimePackError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    facts = {"flags": recipe.flags, "libraries": recipe.libraries, "archives": archives}
    options.recipe.write_text(json.dumps(facts, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
