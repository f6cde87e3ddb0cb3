"""The command `spokeshave intake`: check a wheel of a project's own build backend and make it ready for the repair.

The result is a wheel as `spokeshave assemble` makes it: a stored zip in the normal order, with the tag of an unrepaired
wheel, a new RECORD, and a recipe by which the stamp finds the version.
"""

from __future__ import annotations

import argparse
import fnmatch
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.parser import BytesHeaderParser
from pathlib import Path

from spokeshave.errors import ExitCode, InvalidWheelError
from spokeshave.intake.licenses import add_licenses
from spokeshave.intake.native import import_libraries, native_problems, own_modules
from spokeshave.intake.tags import tag_problems
from spokeshave.intake.version_files import WRITERS, version_templates
from spokeshave.native.macho.fuse import fuse_folders
from spokeshave.report import write_text
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.name import parse_wheel_name, same_version
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.tree import WheelTree, read_tree, unpack
from spokeshave.wheel.writer import WheelEntry, tree_entries, write_tags, write_wheel
from spokeshave_core.platform import Platform
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.python_abi import PythonAbi
from spokeshave_core.reports.intake import IntakeReport
from spokeshave_core.wheel_name import UNSTAMPED, WheelName

_SIGNATURES = ("RECORD.jws", "RECORD.p7s")


@dataclass(frozen=True)
class Intake:
    """A wheel to take in.

    Attributes:
        wheels: The built wheels, one for each processor of the platform.
        version: The version that the build was given, or that the project states. None if it is not known.
        version_files: For each file that contains the placeholder version, how it does.
        licenses: A folder with the license files of software that is linked in.
        exclude: Globs of files to leave out.
    """

    wheels: tuple[Path, ...]
    platform: Platform
    abi: PythonAbi
    version: str | None
    version_files: Mapping[str, str]
    licenses: Path | None = None
    exclude: tuple[str, ...] = ()


def take_in(intake: Intake, output: Path) -> IntakeReport:
    """Write the wheel for the repair to a directory.

    Raises:
        SpokeshaveError: For all problems of the wheel.
    """
    with tempfile.TemporaryDirectory(prefix="spokeshave-intake-") as folder:
        scratch = Path(folder).resolve()
        _check_names(intake)
        trees = [unpack(wheel, scratch / str(number)) for number, wheel in enumerate(intake.wheels)]
        tree = _joined([_retagged(tree, intake) for tree in trees], scratch / "joined")
        left_out = (*import_libraries(tree.files), *_excluded(tree, intake.exclude))
        for file in left_out:
            (tree.root / file).unlink()
        tree = read_tree(tree.name, tree.root)
        headers = BytesHeaderParser().parsebytes(_metadata(tree))
        if intake.licenses:
            add_licenses(tree, intake.licenses)
        _check_version(tree, intake.version)
        modules = own_modules(tree, intake.platform)
        problems = Problems()
        templates: dict[str, str] = {}
        problems.extend(InvalidWheelError(*native_problems(tree, modules, intake.platform, intake.abi)))
        if intake.version == UNSTAMPED:
            with problems.collecting():
                templates = version_templates(tree, intake.version_files)
        problems.raise_if_any(InvalidWheelError)
        recipe = Recipe(version_files=tuple(sorted(templates.items()))).render()
        entries = tree_entries(tree.root, Compression.STORED)
        kept = [entry for entry in entries if entry.name != f"{tree.dist_info}/{RECIPE}"]
        kept.append(WheelEntry(f"{tree.dist_info}/{RECIPE}", recipe, Compression.STORED))
        written = write_wheel(output / str(tree.name), tree.dist_info, kept, Compression.STORED)
    return IntakeReport(
        wheel=written.path.name,
        name=str(headers.get("Name", tree.name.name)),
        version=tree.name.version,
        requires_python=str(headers.get("Requires-Python", "")),
        modules=tuple(module.name for module in modules),
        left_out=left_out,
    )


def _excluded(tree: WheelTree, globs: Iterable[str]) -> tuple[str, ...]:
    """Return the files that globs match, without metadata, and without the import libraries, which are left out too."""
    globs = tuple(globs)
    others = {*import_libraries(tree.files), *(file for file in tree.files if file.startswith(f"{tree.dist_info}/"))}
    return tuple(
        file for file in tree.files if file not in others and any(fnmatch.fnmatchcase(file, glob) for glob in globs)
    )


def _check_names(intake: Intake) -> None:
    """Check the tags of the built wheels before anything is unpacked.

    Raises:
        InvalidWheelError: For all problems.
    """
    problems = Problems()
    slices = intake.platform.slices
    if len(slices) != len(intake.wheels):
        message = f"needs a wheel for each of {', '.join(map(str, slices))}, but got {len(intake.wheels)}"
        raise InvalidWheelError(Problem(intake.platform.tag, message, "Give --wheel once for each processor."))
    for wheel, part in zip(intake.wheels, slices):
        with problems.collecting():
            problems.extend(InvalidWheelError(*tag_problems(parse_wheel_name(wheel.name), part, intake.abi)))
    problems.raise_if_any(InvalidWheelError)


def _retagged(tree: WheelTree, intake: Intake) -> WheelTree:
    """Return the tree with the tags of the unrepaired wheel and without RECORD, so that its slices can be joined."""
    tag = intake.abi.wheel_tag(intake.platform.unrepaired_tag)
    write_tags(tree.root, tree.dist_info, tag)
    for name in ("RECORD", *_SIGNATURES):
        (tree.root / tree.dist_info / name).unlink(missing_ok=True)
    return read_tree(replace(tree.name, tag=tag, build=tree.name.build), tree.root)


def _joined(trees: Sequence[WheelTree], root: Path) -> WheelTree:
    """Return one tree, whose Mach-O files have the code of all processors.

    Raises:
        UnfusableFilesError: For all files that differ and are not Mach-O files.
    """
    first = trees[0]
    if len(trees) == 1:
        return first
    fuse_folders([tree.root for tree in trees], root)
    return read_tree(first.name, root)


def _metadata(tree: WheelTree) -> bytes:
    if f"{tree.dist_info}/METADATA" not in tree.files:
        place = f"{tree.dist_info}/METADATA"
        raise InvalidWheelError(Problem(place, "is missing", "The build backend made a wheel that is not valid."))
    return tree.read(f"{tree.dist_info}/METADATA")


def _check_version(tree: WheelTree, version: str | None) -> None:
    name: WheelName = tree.name
    if version is None or same_version(name.version, version):
        return
    if version == UNSTAMPED:
        message = f"has the version {name.version}, although the build was given {UNSTAMPED}"
        remedy = (
            f'The project states its version itself. Set version="own" to keep {name.version}, or let the project take'
            " its version from setuptools_scm, hatch-vcs or a static `version` in pyproject.toml."
        )
    else:
        message = f"has the version {name.version}, but should have {version}"
        remedy = "Correct the version in the project, or set `version` so that the build agrees with it."
    raise InvalidWheelError(Problem(str(name), message, remedy))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--wheel",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="a wheel that a build backend made; for a universal2 platform give it twice: x86_64, then arm64",
    )
    parser.add_argument("--platform", required=True, metavar="TAG", help="the platform, such as manylinux_2_17_x86_64")
    parser.add_argument("--abi", required=True, metavar="ABI", help="the Python ABI, such as cp312 or cp312-abi3")
    parser.add_argument(
        "--version",
        metavar="VERSION",
        help=f"the version that the wheel must have; with {UNSTAMPED}, files that contain it must be --version-file."
        " Default: any",
    )
    parser.add_argument(
        "--version-file",
        action="append",
        default=[],
        type=version_file,
        metavar="PATH=WRITER",
        help=f"a text file of the wheel that contains {UNSTAMPED}, and how: {' or '.join(WRITERS)}. The stamp writes"
        " it",
    )
    parser.add_argument(
        "--licenses",
        type=Path,
        metavar="DIR",
        help="a folder with the license files of C and C++ projects that the wheel contains; they become"
        " `licenses` files of its .dist-info. Default: none",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="files to leave out, by their path in the wheel; `*` also matches `/`. Default: none",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder to write the unrepaired wheel to"
    )
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the JSON report to write")


def version_file(text: str) -> tuple[str, str]:
    """Parse the value of `--version-file`."""
    path, _, writer = text.rpartition("=")
    if not path or writer not in WRITERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form PATH=WRITER with {' or '.join(WRITERS)}")
    return path, writer


def run(args: argparse.Namespace) -> int:
    """Take in one wheel.

    Raises:
        SpokeshaveError: For all problems of the wheel.
    """
    intake = Intake(
        wheels=tuple(args.wheel),
        platform=Platform.parse(args.platform),
        abi=PythonAbi.parse(args.abi),
        version=args.version,
        version_files=dict(args.version_file),
        licenses=args.licenses,
        exclude=tuple(args.exclude),
    )
    write_text(args.report, take_in(intake, args.output).to_json())
    return ExitCode.OK
