"""Published wheels for macOS: what their files need, and of which macOS, by Spokeshave and by delocate.

delocate calls Apple's programs. LLVM's have the same output for what delocate reads. `otool -m` is left out, which is
for names of files with parentheses.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from differential.comparison import Compared, compare_sets, compare_values
from differential.downloads import fetch_pinned
from differential.field import Field
from spokeshave.linkage.macho import MachOLinkage, is_system_library
from spokeshave.wheel.tree import unpack
from spokeshave_core.json_values import parse_any
from spokeshave_core.platform import UNIVERSAL, Platform

_LLVM = {"otool": "llvm-otool", "lipo": "llvm-lipo", "install_name_tool": "llvm-install-name-tool"}
_VERSIONS = range(30, 10, -1)
_SHIM = """#!/bin/sh
# LLVM's program under the name of Apple's.
for argument; do
    shift
    [ "$argument" = -m ] || set -- "$@" "$argument"
done
exec {program} "$@"
"""


class MissingProgramError(Exception):
    """A program of LLVM that this machine lacks."""


def compare(field: Field) -> Iterator[Compared]:
    """Compare the libraries of macOS and of the wheel that files need, and the oldest macOS."""
    wheels = fetch_pinned("macos-wheels", field.cache)
    with tempfile.TemporaryDirectory() as folder:
        write_shims(Path(folder))
        theirs = parse_any(field.program("macos", wheels, path=Path(folder)))
    for wheel, found in zip(wheels, theirs):
        with tempfile.TemporaryDirectory() as scratch:
            yield from _compare(wheel, found, Path(scratch).resolve() / "wheel")


def write_shims(folder: Path) -> None:
    """Write LLVM's programs under Apple's names.

    Raises:
        MissingProgramError: If LLVM is not installed.
    """
    for name, program in _LLVM.items():
        candidates = [program, *(f"{program}-{version}" for version in _VERSIONS)]
        path = next(filter(None, map(shutil.which, candidates)), None)
        if path is None:
            raise MissingProgramError(f"{program} is not on PATH: install LLVM (Debian's package llvm)")
        (folder / name).write_text(_SHIM.format(program=path), "utf-8")
        (folder / name).chmod(0o755)


def _compare(wheel: Path, theirs: dict[str, Sequence[Sequence[str]]], root: Path) -> Iterator[Compared]:
    tree = unpack(wheel, root)
    platform = min((Platform.parse(tag) for tag in tree.name.tag.platforms), key=lambda found: found.floor or (0, 0))
    linkage = MachOLinkage(tree, platform)
    system = {library for _, _, library in theirs["edges"] if is_system_library(library)}
    yield from compare_sets("libraries of macOS", wheel.name, linkage.platform_libraries(), system)
    inside = {f"{user} needs {library}" for user, _, library in theirs["edges"] if not library.startswith("/")}
    yield from compare_sets("libraries of the wheel", wheel.name, set(_inside(linkage)), inside)
    systems = {" ".join(item) for item in theirs["systems"]}
    yield from compare_sets("oldest macOS of each slice", wheel.name, set(_systems(linkage)), systems)
    yield compare_values("oldest platform tag", wheel.name, _tag(linkage), _one_tag(str(theirs["tag"])))


def _inside(linkage: MachOLinkage) -> Iterator[str]:
    for file in linkage.tree.macho_files:
        for part in linkage.slices(file):
            found = (linkage.find(file, name, part.architecture) for name in part.needed)
            yield from (f"{file} needs {library}" for library in found if library)


def _systems(linkage: MachOLinkage) -> Iterator[str]:
    for file, macho in linkage.tree.macho_files.items():
        for part in macho.slices:
            if part.minimum_version:
                yield f"{file} {part.architecture} {'.'.join(map(str, part.minimum_version))}"


def _tag(linkage: MachOLinkage) -> str:
    """Return the platform tag of the newest macOS that a slice asks for; of `universal2`, that of x86-64."""
    platform = linkage.platform
    wanted = "x86_64" if platform.architecture == UNIVERSAL else platform.architecture
    parts = (part for file in linkage.tree.macho_files for part in linkage.slices(file))
    versions = [part.minimum_version for part in parts if part.architecture == wanted and part.minimum_version]
    major, minor = max(versions)
    return f"macosx_{major}_{minor if major < 11 else 0}_{platform.architecture}"


def _one_tag(tag: str) -> str:
    return ".".join(sorted(tag.split(".")))
