"""Repair of wheels for Linux by Spokeshave and by `auditwheel repair`: what is grafted, and where libraries are found.

Wheels to repair are made of published ones: their grafted libraries are moved out of the wheel to a folder, under the
names that they had before, and the tag is `linux_x86_64` again.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from differential.comparison import Compared, compare_sets, compare_values
from differential.downloads import fetch_pinned
from differential.field import Field
from differential.linux_wheels import oldest_platform
from differential.parallel import in_parallel
from differential.repairs.loading import load_by_musl, load_by_python, musl_loader
from differential.repairs.unrepaired import Unrepaired
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
_ARCHITECTURE = "x86_64"


@dataclass(frozen=True)
class Repaired:
    """A repaired wheel's properties, in words that do not depend on hashes."""

    tags: str
    grafted: frozenset[str]
    needed: frozenset[str]
    search: frozenset[str]
    tree: WheelTree


def compare(field: Field) -> Iterator[Compared]:
    """Compare repairs for glibc: those of the wheels of `linux-wheels`, and more that have grafted libraries."""
    yield from _compare(field, System.GLIBC, ("linux-wheels", "repair"), load_by_python)


def compare_musl(field: Field) -> Iterator[Compared]:
    """Compare repairs for musl. auditwheel takes musl's rules by what the files need, and the tag is its own choice."""
    loader = musl_loader(field.cache / "musl")
    yield from _compare(field, System.MUSL, ("linux-wheels", "repair-musl"), partial(load_by_musl, loader))


def _compare(field: Field, system: System, pins: Sequence[str], load: Callable[[WheelTree], str]) -> Iterator[Compared]:
    """Compare the tags, the grafted libraries, what each file needs and finds, and whether all files can be loaded."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        published = dict.fromkeys(wheel for name in pins for wheel in fetch_pinned(name, field.cache))
        cases = [_ungraft(wheel, system, folder / str(number)) for number, wheel in enumerate(published)]
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
            yield compare_values("loading of files", case.case, *(_plain(load(each.tree)) for each in (ours, other)))


def _word(result: Repaired | str) -> str:
    return result if isinstance(result, str) else "repairs it"


def _ungraft(wheel: Path, system: System, folder: Path) -> Unrepaired | None:
    """Take grafted libraries out of a wheel. Return None if it has none, or is for another system."""
    tree = unpack(wheel, folder / "wheel")
    platform = oldest_platform(tree.name.tag)
    if platform.architecture != _ARCHITECTURE or platform.system is not system:
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
    # It accepts a name only of the C library of its machine.
    tag = case.platform.tag if case.platform.system is System.GLIBC else "auto"
    options = ["--only-plat", "--plat", tag, "--zip-compression-level", "0", "--wheel-dir", output]
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
        tree=tree,
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
