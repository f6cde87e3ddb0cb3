"""Repair of wheels for Windows by Spokeshave and by `delvewheel repair`: what is grafted, and what needs it.

Wheels to repair are made of published ones: their grafted DLLs are moved out of the wheel to a folder, under the names
that they had before, and the lines that delvewheel wrote into Python files are removed. We copy a DLL next to the files
that need it, where delvewheel makes a folder for all and code that adds it to the search path, so folders are not
compared.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from differential.comparison import Compared
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.parallel import in_parallel
from differential.repairs.unrepaired import Repaired, Unrepaired, compare_repaired
from spokeshave.linkage.pe import is_given_library
from spokeshave.native.pe.edit import rename_libraries
from spokeshave.repair.command import repair
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.tree import read_tree, unpack
from spokeshave.wheel.writer import tree_entries, write_wheel
from spokeshave_core.platform import Platform
from spokeshave_core.problems import SpokeshaveError

# delvewheel's hashes have 32 digits, ours 8.
_HASH_INSIDE = re.compile(r"-(?:[0-9a-f]{32}|[0-9a-f]{8})(?=[.])", re.ASCII)
# It may begin in the last line of a docstring.
_PATCH = re.compile(r"(?ms) ?# start delvewheel patch\n.*?^# end delvewheel patch\n+")


def compare(field: Field) -> Iterator[Compared]:
    """Compare the tags, the grafted DLLs, and which file needs which of them."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        cases = [
            _ungraft(wheel, folder / str(n)) for n, wheel in enumerate(fetch_pinned("repair-windows", field.cache))
        ]
        wheels = [case for case in cases if case is not None]
        theirs = in_parallel(lambda case: _theirs(field, case, folder), wheels)
        for case, other in zip(wheels, theirs):
            yield from compare_repaired(case, _ours(case, folder), other)


def _ungraft(wheel: Path, folder: Path) -> Unrepaired | None:
    """Take grafted DLLs out of a wheel. Return None if it has none."""
    tree = unpack(wheel, folder / "wheel")
    grafted = [file for file in tree.pe_files if PurePosixPath(file).parent.name.endswith(".libs")]
    if not grafted:
        return None
    libraries = folder / "libraries"
    libraries.mkdir()
    names = {PurePosixPath(file).name.lower(): _HASH_INSIDE.sub("", PurePosixPath(file).name) for file in grafted}
    for file in tree.pe_files:
        rename_libraries(tree.root / file, file, names)
    for file in grafted:
        (tree.root / file).rename(libraries / names[PurePosixPath(file).name.lower()])
    for python in tree.root.rglob("*.py"):
        text = python.read_bytes().decode("utf-8", "surrogateescape").replace("\r\n", "\n")
        if "delvewheel" in text:
            python.write_text(_PATCH.sub("\n", text), "utf-8", "surrogateescape")
    for left in (*tree.root.glob("*.dist-info/DELVEWHEEL"), *tree.root.glob("*.libs/.load-order-*")):
        left.unlink()
    for place in {(tree.root / file).parent for file in grafted}:
        if not list(place.iterdir()):
            place.rmdir()
    entries = tree_entries(read_tree(tree.name, tree.root).root, Compression.STORED)
    written = write_wheel(folder / str(tree.name), tree.dist_info, entries, Compression.STORED)
    return Unrepaired(written.path, Platform.parse(tree.name.tag.platform), libraries)


def _ours(case: Unrepaired, folder: Path) -> Repaired | str:
    try:
        done = repair(case.wheel, case.platform, [case.libraries], folder / "ours" / case.number)
    except SpokeshaveError as err:
        return f"refuses it: {err.problems[0].message}"
    return _repaired(done.written.path, folder / "ours-unpacked" / case.number)


def _theirs(field: Field, case: Unrepaired, folder: Path) -> Repaired | str:
    output = folder / "theirs" / case.number
    done = field.run("delvewheel", "repair", "--add-path", case.libraries, "--wheel-dir", output, case.wheel)
    wheels = list(output.glob("*.whl"))
    if done.returncode or not wheels:
        return f"refuses it: {(done.stderr.strip().splitlines() or ['no output'])[-1]}"
    return _repaired(wheels[0], folder / "theirs-unpacked" / case.number)


def _repaired(wheel: Path, root: Path) -> Repaired:
    tree = unpack(wheel, root)
    inside = {PurePosixPath(file).name.lower() for file in tree.pe_files}
    edges = {(_plain(file), name.lower()) for file, pe in tree.pe_files.items() for name in pe.needed}
    needed = {(file, name) for file, name in edges if not is_given_library(name)}
    return Repaired(
        tags=tree.name.tag.platform,
        grafted=frozenset(_HASH_INSIDE.sub("", name) for name in inside if _HASH_INSIDE.search(name)),
        needed=frozenset(f"{file} needs {_HASH_INSIDE.sub('', name)}" for file, name in needed),
        missing=frozenset(f"{file} needs {_HASH_INSIDE.sub('', name)}" for file, name in needed if name not in inside),
        wheel=wheel,
    )


def _plain(file: str) -> str:
    """Return the path of a file, or the name that a grafted one had before."""
    name = PurePosixPath(file).name
    return _HASH_INSIDE.sub("", name).lower() if _HASH_INSIDE.search(name) else file
