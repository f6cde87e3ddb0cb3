"""Repair: make a Linux wheel fit its platform by auditwheel's policies, with the same bytes on any machine."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditwheel.lddtree import LIBPYTHON_RE
from auditwheel.policy import ExternalReference
from auditwheel.repair import repair_wheel
from auditwheel.wheel_abi import WheelAbIInfo

from spokeshave.archive import Compression, sha256_of_file
from spokeshave.errors import ExitCode, Problem, Problems, SpokeshaveError
from spokeshave.linkage import (
    Linkage,
    forbidden_symbols,
    foreign_architectures,
    missing_libraries,
    newest_versions,
    search_path_fault,
    share_libraries,
    too_new_symbols,
)
from spokeshave.patchelf import PinnedPatchelf
from spokeshave.platforms import LinuxPlatform, Platform
from spokeshave.report import Json, write_report
from spokeshave.tag import WheelTag
from spokeshave.wheel_file import WheelName, WrittenWheel, tree_entries, write_wheel
from spokeshave.wheel_tree import WheelTree, read_tree, unpack

_LIBRARY_FOLDER = ".libs"


class UnrepairableWheelError(SpokeshaveError):
    """A wheel that cannot be made to fit the platform asked for."""


@dataclass(frozen=True)
class GraftedLibrary:
    """A library that was copied into the wheel: its soname outside, its path and sha256 inside."""

    name: str
    path: str
    sha256: str


@dataclass(frozen=True)
class RepairedWheel:
    """A wheel that fits its platform.

    ``libraries`` are the sonames that it takes from the platform, ``newest_symbols`` the newest
    symbol version of each kind that it asks for.
    """

    written: WrittenWheel
    name: WheelName
    platform: LinuxPlatform
    grafted: tuple[GraftedLibrary, ...]
    libraries: tuple[str, ...]
    newest_symbols: dict[str, str]

    def report(self) -> Json:
        """The report of the ``repair`` command."""
        return {
            "wheel": self.written.path.name,
            "sha256": self.written.sha256,
            "size": self.written.size,
            "tags": self.name.tag.expand(),
            "platform": self.platform.tag,
            "grafted": [{"name": lib.name, "path": lib.path, "sha256": lib.sha256} for lib in self.grafted],
            "libraries": list(self.libraries),
            "newest_symbols": self.newest_symbols,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``spokeshave repair``."""
    parser.add_argument("--wheel", type=Path, required=True, metavar="FILE", help="the wheel to repair")
    parser.add_argument(
        "--platform", required=True, metavar="TAG", help="the platform that it must fit: manylinux_2_17_x86_64"
    )
    parser.add_argument(
        "--library-dir",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder with shared libraries that may be copied into the wheel; nothing else of the machine is",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the repaired wheel is put")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Repair one wheel; raises `SpokeshaveError` with every reason why it cannot be."""
    repaired = repair(args.wheel, Platform.parse(args.platform), args.library_dir, args.output)
    write_report(args.report, repaired.report())
    return ExitCode.OK


def repair(wheel: Path, platform: Platform, library_dirs: Sequence[Path], output: Path) -> RepairedWheel:
    """Write a copy of ``wheel`` that fits ``platform`` into ``output``; raises `SpokeshaveError`."""
    if not isinstance(platform, LinuxPlatform):
        message = f"cannot be repaired to {platform.tag}"
        raise UnrepairableWheelError(Problem(wheel.name, message, "Repair wheels for Linux."))
    _check_folders(library_dirs)
    with tempfile.TemporaryDirectory(prefix="spokeshave-repair-") as scratch:
        root = Path(scratch).resolve()
        tree = unpack(wheel, root / "wheel")
        patchelf = PinnedPatchelf()
        _check_tags(tree.name, platform)
        _clean_search_paths(tree, patchelf)
        shared = share_libraries(library_dirs, root)
        linkage = Linkage.read(tree, platform, shared)
        _check_linkage(linkage)
        grafted_tree, grafted = _graft(linkage, patchelf, root)
        name = _retag(grafted_tree, platform)
        entries = tree_entries(grafted_tree.root, Compression.DEFLATED)
        written = write_wheel(output / str(name), grafted_tree.dist_info, entries, Compression.DEFLATED)
        final = Linkage.read(read_tree(name, grafted_tree.root), platform)
    versions = {version for file in final.platform_versions().values() for version in file}
    libraries = tuple(final.platform_libraries())
    return RepairedWheel(written, name, platform, grafted, libraries, newest_versions(versions))


def _check_folders(library_dirs: Sequence[Path]) -> None:
    problems = Problems()
    for folder in library_dirs:
        if not folder.is_dir():
            problems.add(str(folder), "is no folder", "Give by --library-dir a folder that holds shared libraries.")
    problems.raise_if_any(UnrepairableWheelError)


def _check_tags(name: WheelName, platform: LinuxPlatform) -> None:
    family = platform.tag.split("linux_", 1)[0] + "linux"
    problems = Problems()
    for tag in name.tag.platform.split("."):
        repaired = tag.startswith(family) and tag.endswith(f"_{platform.architecture.value}")
        if tag != platform.unrepaired_tag and not repaired:
            message = f"is tagged {tag}, which cannot become {platform.tag}"
            problems.add(str(name), message, f"Assemble it with a tag that ends in -{platform.unrepaired_tag}.")
    problems.raise_if_any(UnrepairableWheelError)


def _clean_search_paths(tree: WheelTree, patchelf: PinnedPatchelf) -> None:
    """Drop entries of RPATH and RUNPATH that only work on the machine that linked the file."""
    for file, elf in tree.elf_files.items():
        kept = [entry for entry in dict.fromkeys(elf.search_path) if search_path_fault(entry, file) is None]
        if kept == list(elf.search_path):
            continue
        if kept:
            patchelf.set_rpath(tree.root / file, ":".join(kept))
        else:
            patchelf.remove_rpath(tree.root / file)


def _check_linkage(linkage: Linkage) -> None:
    problems = [
        *foreign_architectures(linkage),
        *missing_libraries(linkage),
        *too_new_symbols(linkage),
        *forbidden_symbols(linkage),
    ]
    if not linkage.tree.elf_files:
        message = "has a platform tag but holds no native code"
        remedy = "Depend on the extension's target, or build a wheel tagged py3-none-any."
        problems.append(Problem(str(linkage.tree.name), message, remedy))
    if problems:
        raise UnrepairableWheelError(*dict.fromkeys(problems))


def _graft(linkage: Linkage, patchelf: PinnedPatchelf, root: Path) -> tuple[WheelTree, tuple[GraftedLibrary, ...]]:
    """Copy external libraries into the wheel, by auditwheel, and give the tree that results."""
    references = _graftable(linkage)
    if not any(reference.libs for reference in references.values()):
        return linkage.tree, ()
    tree = linkage.tree
    packed = write_wheel(
        root / "packed" / str(tree.name),
        tree.dist_info,
        tree_entries(tree.root, Compression.STORED),
        Compression.STORED,
    )
    (root / "grafted").mkdir()
    abi = _wheel_abi(linkage, references)
    tags = [linkage.platform.tag]
    repair_wheel(abi, packed.path, tags, _LIBRARY_FOLDER, root / "grafted", False, patchelf, False, 0)
    grafted_tree = unpack(root / "grafted" / str(tree.name), root / "repaired")
    return grafted_tree, _grafted_libraries(linkage, grafted_tree)


def _graftable(linkage: Linkage) -> dict[Path, ExternalReference]:
    """auditwheel's references in a fixed order, without the libraries that only a linking file's search path finds."""
    return {
        Path(file): replace(
            reference,
            libs={name: path for name, path in sorted(reference.libs.items()) if path or LIBPYTHON_RE.match(name)},
        )
        for file, reference in sorted(linkage.references.items())
    }


def _wheel_abi(linkage: Linkage, references: dict[Path, ExternalReference]) -> WheelAbIInfo:
    # auditwheel's own analysis would resolve libraries on this machine; only its grafting is used.
    policy, policies = linkage.platform.policy, linkage.platform.policies
    by_file = {file: {policy.name: reference} for file, reference in references.items()}
    return WheelAbIInfo(policies, by_file, policy, {}, policy, {}, policy, policy, policy, policy, policy)


def _grafted_libraries(linkage: Linkage, tree: WheelTree) -> tuple[GraftedLibrary, ...]:
    found = []
    for name, source in linkage.libraries.items():
        stem, _, ending = source.name.partition(".")
        short_hash = sha256_of_file(source)[0][:8]
        renamed = source.name if stem.endswith(f"-{short_hash}") else f"{stem}-{short_hash}.{ending}"
        path = f"{tree.name.name}{_LIBRARY_FOLDER}/{renamed}"
        # The mode of the source depends on who built it; auditwheel copies it.
        (tree.root / path).chmod(0o755)
        found.append(GraftedLibrary(name, path, sha256_of_file(tree.root / path)[0]))
    return tuple(found)


def _retag(tree: WheelTree, platform: LinuxPlatform) -> WheelName:
    """Give the wheel exactly the platform's tags, in its WHEEL file and in its name."""
    tag = WheelTag(tree.name.tag.python, tree.name.tag.abi, ".".join(platform.tags))
    file = tree.root / tree.dist_info / "WHEEL"
    lines = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("Tag:")]
    text = "".join(f"{line}\n" for line in [*lines, *(f"Tag: {single}" for single in tag.expand())])
    mode = file.stat().st_mode
    file.write_text(text, "utf-8")
    os.chmod(file, mode)
    return replace(tree.name, tag=tag)
