"""The command `spokeshave assemble`: build an unrepaired wheel from a pyproject.toml and a tree of files."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spokeshave.assemble.metadata import WheelMetadata, read_metadata
from spokeshave.assemble.payload import PayloadFile, check_root, check_schemes, read_payload
from spokeshave.errors import ExitCode, InvalidInputsError, InvalidPayloadError
from spokeshave.report import write_text
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.paths import find_clashes
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.version_module import PATH, render_version_module
from spokeshave.wheel.writer import WheelEntry, WrittenWheel, render_wheel_file, write_wheel
from spokeshave_core.problems import Problems
from spokeshave_core.reports.assemble import AssembleReport
from spokeshave_core.wheel_name import UNSTAMPED, WheelName, WheelTag, file_name_part

STORED = Compression.STORED


@dataclass(frozen=True)
class Assembly:
    """The inputs of a wheel.

    Attributes:
        version_module: A path in the wheel.
        licenses: A folder with the license files of software that is linked in.
    """

    pyproject: Path
    payload: Path
    tag: str
    data: Path | None = None
    pins: tuple[str, ...] = ()
    version_module: str | None = None
    requirements: tuple[str, ...] = ()
    licenses: Path | None = None


def assemble(assembly: Assembly, output: Path) -> tuple[WheelMetadata, WrittenWheel]:
    """Write the unrepaired wheel, a stored zip with the placeholder version, into a directory.

    Raises:
        InvalidInputsError: For all problems of the arguments, the pyproject.toml and the trees.
    """
    problems = Problems()
    tag: WheelTag | None = None
    metadata: WheelMetadata | None = None
    licenses: dict[str, Path] = {}
    root: list[WheelEntry] = []
    data: list[PayloadFile] = []
    with problems.collecting():
        tag = WheelTag.parse(assembly.tag)
    with problems.collecting():
        licenses = read_licenses(assembly.licenses) if assembly.licenses else {}
    with problems.collecting():
        metadata = read_metadata(assembly.pyproject, assembly.pins, assembly.requirements, licenses)
    with problems.collecting():
        root = root_entries(assembly.payload, assembly.version_module)
    with problems.collecting():
        data = read_data(assembly.data) if assembly.data else []
    if not (problems or root or data):
        problems.add(
            str(assembly.payload), "has no files", "Check the wheel's dependencies: the wheel would install nothing."
        )
    if problems or metadata is None or tag is None:
        raise problems.as_error(InvalidInputsError)
    name = WheelName(file_name_part(metadata.name), UNSTAMPED, tag)
    recipe = Recipe(metadata.pins, assembly.version_module)
    entries = [*root, *data_entries(data, name), *dist_info_entries(metadata, recipe, name)]
    return metadata, write_wheel(output / str(name), name.dist_info, entries, STORED)


def root_entries(payload: Path, version_module: str | None) -> list[WheelEntry]:
    """Return the files in the wheel's root, including the generated version module."""
    files = read_payload(payload)
    check_root(files)
    entries = [
        WheelEntry(name=file.name, content=file.source, compression=STORED, executable=file.executable)
        for file in files
    ]
    if version_module is None:
        return entries
    check_version_module(version_module, files)
    module = WheelEntry(version_module, render_version_module(UNSTAMPED), STORED)
    return [*(entry for entry in entries if entry.name != version_module), module]


def check_version_module(path: str, files: list[PayloadFile]) -> None:
    """Check that the version module is a module and that no other file has its path in the payload.

    A file with the bytes that would be generated is allowed, so that a source tree can contain one to import.
    """
    problems = Problems()
    generated = render_version_module(UNSTAMPED)
    if not PATH.fullmatch(path):
        problems.add(path, "is not a path of a module", "Write it as package/_version.py.")
    taken = next((file for file in files if file.name == path), None)
    if taken and taken.source.read_bytes() != generated:
        remedy = f"Remove it, or give it the content that is generated for {UNSTAMPED}:\n{generated.decode()}"
        problems.add(str(taken.source), "exists, but the version module is generated at this path", remedy)
    elif not taken:
        find_clashes([path, *(file.name for file in files)], problems)
    problems.raise_if_any(InvalidPayloadError)


def read_data(folder: Path) -> list[PayloadFile]:
    """Return the files to install, by scheme.

    Raises:
        InvalidPayloadError: For all files that cannot be installed.
    """
    files = read_payload(folder)
    check_schemes(files, folder)
    return files


def read_licenses(folder: Path) -> dict[str, Path]:
    """Return the license files of linked software, by their paths in the folder.

    Raises:
        InvalidPayloadError: For all files that cannot be installed.
    """
    return {file.name: file.source for file in read_payload(folder)}


def data_entries(files: Iterable[PayloadFile], name: WheelName) -> Iterator[WheelEntry]:
    """Yield the files of the .data directory. Scripts are always executable."""
    for file in files:
        executable = file.executable or file.name.startswith("scripts/")
        yield WheelEntry(
            name=f"{name.data}/{file.name}", content=file.source, compression=STORED, executable=executable
        )


def dist_info_entries(metadata: WheelMetadata, recipe: Recipe, name: WheelName) -> Iterator[WheelEntry]:
    """Yield the files of dist-info except RECORD."""
    yield WheelEntry(f"{name.dist_info}/METADATA", metadata.core_metadata, STORED)
    yield WheelEntry(f"{name.dist_info}/WHEEL", render_wheel_file(name.tag), STORED)
    yield WheelEntry(f"{name.dist_info}/{RECIPE}", recipe.render(), STORED)
    if metadata.entry_points:
        yield WheelEntry(f"{name.dist_info}/entry_points.txt", metadata.entry_points, STORED)
    for path, source in metadata.license_files.items():
        yield WheelEntry(f"{name.dist_info}/licenses/{path}", source, STORED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--pyproject", type=Path, required=True, help="the wheel's pyproject.toml")
    parser.add_argument("--payload", type=Path, required=True, help="a folder with the files of the wheel's root")
    parser.add_argument(
        "--data", type=Path, help="a folder with scheme folders: scripts, headers, data, purelib, platlib"
    )
    parser.add_argument("--tag", required=True, help="the wheel tag, such as cp312-abi3-linux_x86_64")
    parser.add_argument(
        "--pin", action="append", default=[], metavar="DIST", help="pin the requirement DIST to this wheel's version"
    )
    parser.add_argument(
        "--requirement",
        action="append",
        default=[],
        metavar="REQ",
        help="add REQ, such as numpy>=1.22, if dependencies are dynamic",
    )
    parser.add_argument(
        "--licenses",
        type=Path,
        metavar="DIR",
        help="a folder with the license files of software that is linked into the wheel, such as"
        " third-party/zlib/LICENSE; METADATA lists them after the project's own",
    )
    parser.add_argument(
        "--version-module", metavar="PATH", help="generate this version module, such as pkg/_version.py"
    )
    parser.add_argument("--output", type=Path, required=True, help="the folder to write the wheel to")
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Assemble one wheel and write the report."""
    assembly = Assembly(
        pyproject=args.pyproject,
        payload=args.payload,
        tag=args.tag,
        data=args.data,
        pins=tuple(args.pin),
        version_module=args.version_module,
        requirements=tuple(args.requirement),
        licenses=args.licenses,
    )
    metadata, wheel = assemble(assembly, args.output)
    report = AssembleReport(
        wheel=wheel.path.name,
        name=metadata.name,
        static_version=metadata.static_version,
        requires_python=metadata.requires_python,
        files=tuple(wheel.files),
    )
    write_text(args.report, report.to_json())
    return ExitCode.OK
