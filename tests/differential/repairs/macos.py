"""Repair of wheels for macOS by Spokeshave and by `delocate-wheel`: what is grafted, and what needs it.

Wheels to repair are made of published ones: their grafted libraries are moved out of the wheel to a folder, and the
files that need them look for them in `@rpath`. delocate calls Apple's programs. LLVM's take their place (see
`macos_wheels`), and `codesign` does nothing, as signatures are not compared.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from differential.comparison import Compared
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.macos_wheels import write_shims
from differential.repairs.unrepaired import Repaired, Unrepaired, compare_repaired
from spokeshave.linkage.macho import MachOLinkage, is_system_library
from spokeshave.native.macho.edit import MachOEdits, edit_macho
from spokeshave.repair.command import repair
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.tree import read_tree, unpack
from spokeshave.wheel.writer import tree_entries, write_wheel
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError

_HASH_INSIDE = re.compile(r"-[0-9a-f]{8}(?=[.])", re.ASCII)
_FOLDER = ".dylibs"


def compare(field: Field) -> Iterator[Compared]:
    """Compare the tags, the grafted libraries, and which file needs which of them."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        programs = folder / "programs"
        programs.mkdir()
        write_shims(programs)
        (programs / "codesign").write_text("#!/bin/sh\n", "utf-8")
        (programs / "codesign").chmod(0o755)
        for number, wheel in enumerate(fetch_pinned("repair-macos", field.cache)):
            case = _ungraft(wheel, folder / str(number))
            if case is not None:
                yield from compare_repaired(case, _ours(case, folder), _theirs(field, case, folder, programs))


def _ungraft(wheel: Path, folder: Path) -> Unrepaired | None:
    """Take grafted libraries out of a wheel. Return None if it has none."""
    tree = unpack(wheel, folder / "wheel")
    grafted = [file for file in tree.macho_files if PurePosixPath(file).parent.name.endswith(_FOLDER)]
    if not grafted:
        return None
    names = {PurePosixPath(file).name for file in grafted}
    libraries = folder / "libraries"
    libraries.mkdir()

    def library(name: str) -> str:
        base = PurePosixPath(name).name
        return f"@rpath/{base}" if base in names and not is_system_library(name) else name

    for file in tree.macho_files:
        edit_macho(tree.root / file, file, MachOEdits(library, library, lambda entry: entry))
    for file in grafted:
        (tree.root / file).rename(libraries / PurePosixPath(file).name)
    for place in {(tree.root / file).parent for file in grafted}:
        if not list(place.iterdir()):
            place.rmdir()
    entries = tree_entries(read_tree(tree.name, tree.root).root, Compression.STORED)
    written = write_wheel(folder / str(tree.name), tree.dist_info, entries, Compression.STORED)
    platform = min((Platform.parse(tag) for tag in tree.name.tag.platforms), key=lambda found: found.floor or (0, 0))
    return Unrepaired(written.path, platform, libraries)


def _ours(case: Unrepaired, folder: Path) -> Repaired | str:
    try:
        done = repair(case.wheel, case.platform, [case.libraries], folder / "ours" / case.number)
    except SpokeshaveError as err:
        return f"refuses it: {err.problems[0].message}"
    return _repaired(done.written.path, folder / "ours-unpacked" / case.number)


def _theirs(field: Field, case: Unrepaired, folder: Path, programs: Path) -> Repaired | str:
    output = folder / "theirs" / case.number
    output.mkdir(parents=True)
    variables = {"DYLD_LIBRARY_PATH": str(case.libraries)}
    done = field.run("delocate-wheel", "--wheel-dir", output, case.wheel, variables=variables, path=programs)
    wheels = list(output.glob("*.whl"))
    if done.returncode or not wheels:
        return f"refuses it: {(done.stderr.strip().splitlines() or ['no output'])[-1]}"
    return _repaired(wheels[0], folder / "theirs-unpacked" / case.number)


def _repaired(wheel: Path, root: Path) -> Repaired:
    tree = unpack(wheel, root)
    tags = tree.name.tag.platforms
    linkage = MachOLinkage(tree, min(map(Platform.parse, tags), key=lambda found: found.floor or (0, 0)))
    needed = set()
    missing = set()
    for file in tree.macho_files:
        for part in linkage.slices(file):
            for name in part.needed:
                if is_system_library(name):
                    continue
                found = linkage.find(file, name, part.architecture)
                edge = f"{_plain(file)} needs {_plain(found or name, is_name=True)}"
                needed.add(edge)
                missing.update([] if found else [edge])
    return Repaired(
        tags=".".join(sorted(tags)),
        grafted=frozenset(_plain(file) for file in tree.macho_files if _is_grafted(file)),
        needed=frozenset(needed),
        missing=frozenset(missing),
        wheel=wheel,
    )


def _is_grafted(file: str) -> bool:
    return PurePosixPath(file).parent.name.endswith(_FOLDER)


def _plain(file: str, *, is_name: bool = False) -> str:
    """Return the path of a file, or the name alone of a grafted one."""
    return _HASH_INSIDE.sub("", PurePosixPath(file).name) if is_name or _is_grafted(file) else file
