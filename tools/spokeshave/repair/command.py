"""Repair: make a wheel fit its platform, with the same bytes on any machine."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spokeshave.errors import ExitCode, Problems
from spokeshave.native.file import foreign_formats, no_native_code
from spokeshave.repair.elf import graft_elf
from spokeshave.repair.graft import GraftedLibrary, GraftedTree, UnrepairableWheelError
from spokeshave.repair.macho import graft_macho
from spokeshave.repair.own_libraries import check_own_libraries
from spokeshave.repair.pe import graft_pe
from spokeshave.report import Json, write_report
from spokeshave.tags.platform import LinuxPlatform, MacPlatform, Platform, WindowsPlatform
from spokeshave.tags.wheel_tag import WheelTag
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.tree import WheelTree, unpack
from spokeshave.wheel.writer import WheelName, WrittenWheel, tree_entries, write_wheel


@dataclass(frozen=True)
class RepairedWheel:
    """A wheel that fits its platform.

    ``libraries`` are those that it takes from the platform, ``newest_symbols`` the newest version of each kind that
    it asks for (``GLIBC``; ``macOS`` and ``Windows`` as a whole).
    """

    written: WrittenWheel
    name: WheelName
    platform: Platform
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
    parser.add_argument(
        "--own-library",
        action="append",
        default=[],
        metavar="PATH",
        help="a library in the wheel that keeps its name, as Python code opens it; the search paths of files that need"
        " it are set to its folder",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the repaired wheel is put")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Repair one wheel; raises `SpokeshaveError` with every reason why it cannot be."""
    repaired = repair(args.wheel, Platform.parse(args.platform), args.library_dir, args.output, args.own_library)
    write_report(args.report, repaired.report())
    return ExitCode.OK


def repair(
    wheel: Path, platform: Platform, library_dirs: Sequence[Path], output: Path, own_libraries: Sequence[str] = ()
) -> RepairedWheel:
    """Write a copy of ``wheel`` that fits ``platform`` into ``output``; raises `SpokeshaveError`.

    ``own_libraries`` are the paths of libraries in the wheel that files of the wheel use in place of grafted ones.
    """
    _check_folders(library_dirs)
    with tempfile.TemporaryDirectory(prefix="spokeshave-repair-") as folder:
        scratch = Path(folder).resolve()
        tree = unpack(wheel, scratch / "wheel")
        _check_tags(tree.name, platform)
        _check_native_code(tree, platform)
        check_own_libraries(tree, platform, own_libraries, library_dirs)
        grafted = _graft(tree, platform, library_dirs, own_libraries)
        name = _retag(grafted.tree, platform)
        entries = tree_entries(grafted.tree.root, Compression.DEFLATED)
        written = write_wheel(output / str(name), grafted.tree.dist_info, entries, Compression.DEFLATED)
    return RepairedWheel(
        written=written,
        name=name,
        platform=platform,
        grafted=grafted.libraries,
        libraries=grafted.platform_libraries,
        newest_symbols=grafted.newest,
    )


def _graft(
    tree: WheelTree, platform: Platform, library_dirs: Sequence[Path], own_libraries: Sequence[str]
) -> GraftedTree:
    if isinstance(platform, LinuxPlatform):
        return graft_elf(tree, platform, library_dirs, own_libraries)
    if isinstance(platform, MacPlatform):
        return graft_macho(tree, platform, library_dirs, own_libraries)
    assert isinstance(platform, WindowsPlatform)
    return graft_pe(tree, platform, library_dirs, own_libraries)


def _check_folders(library_dirs: Sequence[Path]) -> None:
    problems = Problems()
    for folder in library_dirs:
        if not folder.is_dir():
            problems.add(str(folder), "is no folder", "Give by --library-dir a folder that holds shared libraries.")
    problems.raise_if_any(UnrepairableWheelError)


def _check_tags(name: WheelName, platform: Platform) -> None:
    problems = Problems()
    for tag in name.tag.platform.split("."):
        if tag != platform.unrepaired_tag and not _is_repaired_tag(tag, platform):
            message = f"is tagged {tag}, which cannot become {platform.tag}"
            problems.add(str(name), message, f"Assemble it with a tag that ends in -{platform.unrepaired_tag}.")
    problems.raise_if_any(UnrepairableWheelError)


def _is_repaired_tag(tag: str, platform: Platform) -> bool:
    """Whether a wheel with this tag was repaired for the same C library and architecture."""
    if not isinstance(platform, LinuxPlatform):
        return False
    family = platform.tag.split("linux_", 1)[0] + "linux"
    return tag.startswith(family) and tag.endswith(f"_{platform.architecture.value}")


def _check_native_code(tree: WheelTree, platform: Platform) -> None:
    """Refuse a wheel with another system's code, or without any."""
    problems = [
        *foreign_formats(tree.native_files, platform),
        *no_native_code(str(tree.name), tree.native_files, platform),
    ]
    if problems:
        raise UnrepairableWheelError(*problems)


def _retag(tree: WheelTree, platform: Platform) -> WheelName:
    """Give the wheel exactly the platform's tags, in its WHEEL file and in its name."""
    tag = WheelTag(tree.name.tag.python, tree.name.tag.abi, ".".join(platform.tags))
    file = tree.root / tree.dist_info / "WHEEL"
    lines = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("Tag:")]
    text = "".join(f"{line}\n" for line in [*lines, *(f"Tag: {single}" for single in tag.expand())])
    mode = file.stat().st_mode
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return replace(tree.name, tag=tag)
