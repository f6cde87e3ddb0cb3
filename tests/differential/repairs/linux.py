"""Repair of wheels for Linux by Spokeshave and by `auditwheel repair`: what is grafted, and where libraries are found.

Wheels to repair are made of published ones: their grafted libraries are moved out of the wheel to a folder, under the
names that they had before, and the tag is `linux_x86_64` again.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from differential.comparison import Compared, compare_sets, compare_values
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.linux_wheels import oldest_platform
from differential.parallel import in_parallel
from differential.repairs.unrepaired import Unrepaired
from e2e.support.project import find_python
from spokeshave.native.elf.file import ElfFile
from spokeshave.native.elf.patchelf import PinnedPatchelf
from spokeshave.repair.command import repair
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.tree import WheelTree, read_tree, unpack
from spokeshave.wheel.writer import tree_entries, write_tags, write_wheel
from spokeshave_core.platform import System
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.wheel_name import WheelName, WheelTag

_HASH_INSIDE = re.compile(r"-[0-9a-f]{8}(?=[.])", re.ASCII)
# The files of the other comparison, and more that have grafted libraries.
_PINS = ("linux-wheels", "repair")
_PYTHON = "3.12"
_ARCHITECTURE = "x86_64"


@dataclass(frozen=True)
class Repaired:
    """A repaired wheel's properties, in words that do not depend on hashes."""

    tags: str
    grafted: frozenset[str]
    needed: frozenset[str]
    search: frozenset[str]
    wheel: Path


def compare(field: Field) -> Iterator[Compared]:
    """Compare the tags, the grafted libraries, what each file needs and finds, and whether all files can be loaded."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        published = [wheel for pins in _PINS for wheel in fetch_pinned(pins, field.cache)]
        cases = [_ungraft(wheel, folder / str(number)) for number, wheel in enumerate(published)]
        wheels = [case for case in cases if case is not None]
        theirs = in_parallel(lambda case: _theirs(field, case, folder), wheels)
        for case, other in zip(wheels, theirs):
            ours = _ours(case, folder)
            if isinstance(ours, str) or isinstance(other, str):
                yield Compared("repairable", case.case, f"ours {_word(ours)}, theirs {_word(other)}")
                continue
            yield Compared("repairable", case.case)
            yield compare_values("tags", case.case, ours.tags, other.tags)
            yield from compare_sets("grafted libraries", case.case, ours.grafted, other.grafted)
            yield from compare_sets("needed libraries", case.case, ours.needed, other.needed)
            yield from compare_sets("found libraries", case.case, ours.search, other.search)
            yield compare_values("loading of files", case.case, *(_import(r.wheel, folder) for r in (ours, other)))


def _word(result: Repaired | str) -> str:
    return result if isinstance(result, str) else "repairs it"


def _ungraft(wheel: Path, folder: Path) -> Unrepaired | None:
    """Take grafted libraries out of a wheel. Return None if it has none, or auditwheel cannot repair it here."""
    tree = unpack(wheel, folder / "wheel")
    platform = oldest_platform(tree.name.tag)
    if platform.architecture != _ARCHITECTURE or platform.system is not System.GLIBC:
        return None
    grafted = [file for file in tree.elf_files if PurePosixPath(file).parent.name.endswith(".libs")]
    if not grafted:
        return None
    names = {PurePosixPath(file).name: _HASH_INSIDE.sub("", PurePosixPath(file).name, count=1) for file in grafted}
    libraries = folder / "libraries"
    libraries.mkdir()
    for file in grafted:
        (tree.root / file).rename(libraries / names[PurePosixPath(file).name])
    patchelf = PinnedPatchelf()
    for file, elf in tree.elf_files.items():
        own = file in grafted
        path = libraries / names[PurePosixPath(file).name] if own else tree.root / file
        _forget(path, elf, names, patchelf)
        if own:
            patchelf.set_soname(path, path.name)
    for place in {(tree.root / file).parent for file in grafted}:
        if not list(place.iterdir()):
            place.rmdir()
    return Unrepaired(_retag(tree, folder), platform, libraries)


def _forget(path: Path, elf: ElfFile, names: dict[str, str], patchelf: PinnedPatchelf) -> None:
    changed = [(name, names[name]) for name in sorted(elf.needed) if name in names]
    if changed:
        patchelf.replace_needed(path, *changed)
        kept = [entry for entry in elf.search_path if ".libs" not in entry]
        if elf.search_path and kept:
            patchelf.set_rpath(path, ":".join(kept))
        elif elf.search_path:
            patchelf.remove_rpath(path)


def _retag(tree: WheelTree, folder: Path) -> Path:
    tag = WheelTag(tree.name.tag.python, tree.name.tag.abi, f"linux_{_ARCHITECTURE}")
    for file in (tree.root / tree.dist_info / "sboms").glob("auditwheel*"):
        file.unlink()
    write_tags(tree.root, tree.dist_info, tag)
    name = WheelName(**{**vars(tree.name), "tag": tag})
    entries = tree_entries(read_tree(name, tree.root).root, Compression.STORED)
    return write_wheel(folder / str(name), tree.dist_info, entries, Compression.STORED).path


def _ours(case: Unrepaired, folder: Path) -> Repaired | str:
    try:
        done = repair(case.wheel, case.platform, [case.libraries], folder / "ours" / case.number)
    except SpokeshaveError as err:
        return f"refuses it: {err.problems[0].message}"
    return _repaired(done.written.path, folder / "ours-unpacked" / case.number)


def _theirs(field: Field, case: Unrepaired, folder: Path) -> Repaired | str:
    output = folder / "theirs" / case.number
    output.mkdir(parents=True)
    options = ["--only-plat", "--plat", case.platform.tag, "--zip-compression-level", "0", "--wheel-dir", output]
    done = field.run(
        "auditwheel", "repair", *map(str, options), case.wheel, variables={"LD_LIBRARY_PATH": str(case.libraries)}
    )
    wheels = list(output.glob("*.whl"))
    if done.returncode or not wheels:
        return f"refuses it: {(done.stderr.strip().splitlines() or ['no output'])[-1]}"
    return _repaired(wheels[0], folder / "theirs-unpacked" / case.number)


def _repaired(wheel: Path, root: Path) -> Repaired:
    tree = unpack(wheel, root)
    files = tree.elf_files
    grafted = {file for file in files if PurePosixPath(file).parent.name == f"{tree.name.name}.libs"}
    return Repaired(
        tags=tree.name.tag.platform,
        grafted=frozenset(map(_plain, grafted)),
        needed=frozenset(f"{_plain(file)}: {_plain(name)}" for file, elf in files.items() for name in elf.needed),
        search=frozenset(
            f"{_plain(file)}: {found}" for file, elf in files.items() for found in _found(tree, file, elf)
        ),
        wheel=wheel,
    )


def _plain(name: str) -> str:
    return _HASH_INSIDE.sub("", name)


def _found(tree: WheelTree, file: str, elf: ElfFile) -> Iterator[str]:
    """Yield the files of the wheel that a file's own search path leads to, for each library that it needs."""
    for name in elf.needed:
        for entry in elf.search_path:
            folder = Path(entry.replace("$ORIGIN", str((tree.root / file).parent)))
            if (folder / name).is_file():
                yield _plain((folder / name).resolve().relative_to(tree.root.resolve()).as_posix())
                break


def _import(wheel: Path, folder: Path) -> str:
    """Install a wheel to a folder without its dependencies, and load all of its extension modules."""
    target = folder / "installed" / wheel.parent.parent.name / wheel.parent.name
    python = find_python(_PYTHON)
    options = ["--isolated", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([python, "-m", "pip", *options, "--target", target, wheel], check=True, capture_output=True)
    done = subprocess.run(
        [python, "-I", "-c", _LOAD, target], capture_output=True, text=True, errors="replace", check=False
    )
    return done.stdout.strip() or f"exit {done.returncode}"


# Each in a process of its own, in which no other file has loaded the libraries.
_LOAD = """
import ctypes, os, pathlib, sys
files = [p for p in pathlib.Path(sys.argv[1]).rglob('*') if p.is_file() and '.so' in p.name and '.libs' not in str(p)]
failed = 0
for file in sorted(files):
    child = os.fork()
    if not child:
        try:
            ctypes.CDLL(str(file))
        except OSError as err:
            print(f'{file.name}: {str(err).rpartition(":")[2]}', flush=True)
            os._exit(1)
        os._exit(0)
    failed += os.waitpid(child, 0)[1] != 0
print(f'{failed} of {len(files)} files failed')
"""
