"""The command `spokeshave assemble`: build an unrepaired wheel from a pyproject.toml and a tree of files."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave.assemble.entry_points import AddedEntryPoint, add_entry_point_option
from spokeshave.assemble.metadata import WheelMetadata, read_metadata
from spokeshave.assemble.payload import PayloadFile, check_root, check_schemes, read_payload
from spokeshave.errors import ExitCode, InvalidInputsError, InvalidPayloadError
from spokeshave.report import write_text
from spokeshave.wheel.archive import Compression
from spokeshave.wheel.paths import find_clashes
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.version_facts import UNSTAMPED_FACTS
from spokeshave.wheel.version_module import PATH, render_version_module
from spokeshave.wheel.writer import WheelEntry, WrittenWheel, render_wheel_file, write_wheel
from spokeshave_core.problems import Problems
from spokeshave_core.release.version_text import template_problems
from spokeshave_core.reports.assemble import AssembleReport
from spokeshave_core.wheel_name import UNSTAMPED, WheelName, WheelTag, file_name_part

STORED = Compression.STORED


@dataclass(frozen=True)
class Assembly:
    """The inputs of a wheel.

    Attributes:
        version_module: A path in the wheel.
        version_files: Paths in the wheel, each with the file of its template.
        licenses: A folder with the license files of software that is linked in.
    """

    pyproject: Path
    payload: Path
    tag: str
    data: Path | None = None
    pins: tuple[str, ...] = ()
    version_module: str | None = None
    requirements: tuple[str, ...] = ()
    version_files: tuple[tuple[str, Path], ...] = ()
    licenses: Path | None = None
    entry_points: tuple[AddedEntryPoint, ...] = ()


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
    templates: tuple[tuple[str, str], ...] = ()
    with problems.collecting():
        tag = WheelTag.parse(assembly.tag)
    with problems.collecting():
        licenses = read_licenses(assembly.licenses) if assembly.licenses else {}
    with problems.collecting():
        metadata = read_metadata(
            assembly.pyproject, assembly.pins, assembly.requirements, licenses, assembly.entry_points
        )
    with problems.collecting():
        templates = read_templates(assembly.version_files)
        root = root_entries(assembly.payload, assembly.version_module, templates)
    with problems.collecting():
        data = read_data(assembly.data) if assembly.data else []
    if not (problems or root or data):
        problems.add(
            str(assembly.payload), "has no files", "Check the wheel's dependencies: the wheel would install nothing."
        )
    if problems or metadata is None or tag is None:
        raise problems.as_error(InvalidInputsError)
    name = WheelName(file_name_part(metadata.name), UNSTAMPED, tag)
    recipe = Recipe(pins=metadata.pins, version_module=assembly.version_module, version_files=templates)
    entries = [*root, *data_entries(data, name), *dist_info_entries(metadata, recipe, name)]
    return metadata, write_wheel(output / str(name), name.dist_info, entries, STORED)


def read_templates(version_files: Iterable[tuple[str, Path]]) -> tuple[tuple[str, str], ...]:
    """Return the templates of version files by their paths in the wheel.

    Raises:
        InvalidPayloadError: For all that cannot be read, and for all unknown placeholders.
    """
    problems = Problems()
    templates: dict[str, str] = {}
    for path, source in version_files:
        if path in templates:
            problems.add(path, "is given two templates", "Give each version file one template.")
        try:
            templates[path] = source.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as err:
            problems.add(str(source), f"cannot be read as a template ({err})", "Give a text file in UTF-8.")
            continue
        problems.extend(InvalidPayloadError(*template_problems(templates[path], str(source))))
    problems.raise_if_any(InvalidPayloadError)
    return tuple(sorted(templates.items()))


def root_entries(
    payload: Path, version_module: str | None, templates: tuple[tuple[str, str], ...] = ()
) -> list[WheelEntry]:
    """Return the files in the wheel's root, including the generated version module and version files."""
    files = read_payload(payload)
    check_root(files)
    entries = [
        WheelEntry(name=file.name, content=file.source, compression=STORED, executable=file.executable)
        for file in files
    ]
    generated = Recipe(version_files=templates).rendered_files(UNSTAMPED_FACTS)
    problems = Problems()
    check_version_paths(version_module, generated, problems)
    if version_module is not None:
        generated[version_module] = render_version_module(UNSTAMPED_FACTS)
    check_generated(generated, version_module, files, problems)
    problems.raise_if_any(InvalidPayloadError)
    kept = [entry for entry in entries if entry.name not in generated]
    return [*kept, *(WheelEntry(path, content, STORED) for path, content in sorted(generated.items()))]


def check_version_paths(version_module: str | None, version_files: Iterable[str], problems: Problems) -> None:
    """Add problems for paths that a generated file cannot have."""
    if version_module is not None and not PATH.fullmatch(version_module):
        problems.add(version_module, "is not a path of a module", "Write it as package/_version.py.")
    for path in version_files:
        parts = path.split("/")
        if {"", ".", ".."} & set(parts) or "\\" in path or parts[0].endswith((".dist-info", ".data")):
            remedy = "Write it as package/lib/pkgconfig/package.pc, relative to the wheel's root."
            problems.add(path, "is not a path of a version file", remedy)
        if path == version_module:
            problems.add(path, "is the version module and a version file", "Remove one of the two.")


def check_generated(
    generated: Mapping[str, bytes], version_module: str | None, files: list[PayloadFile], problems: Problems
) -> None:
    """Add problems for files of the payload that have the path of a generated file.

    A file with the bytes that would be generated is allowed, so that a source tree can contain one to import.
    """
    taken = {file.name: file.source for file in files if file.name in generated}
    for path, source in taken.items():
        if source.read_bytes() != generated[path]:
            text = generated[path].decode("utf-8")
            remedy = f"Remove it, or give it the content that is generated for {UNSTAMPED}:\n{text}"
            kind = "the version module" if path == version_module else "a version file"
            problems.add(str(source), f"exists, but {kind} is generated at this path", remedy)
    find_clashes([*(path for path in generated if path not in taken), *(file.name for file in files)], problems)


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
    parser.add_argument(
        "--version-file",
        action="append",
        default=[],
        type=version_file,
        metavar="PATH=TEMPLATE",
        help="generate the file PATH of the wheel, such as pkg/lib/pkgconfig/pkg.pc, from a text file with the"
        " placeholders @VERSION@, @VERSION_MAJOR@, @VERSION_MINOR@, @VERSION_PATCH@, @VERSION_RELEASE@ (all numbers,"
        " such as 3.12.0), @VERSION_IDENTIFIER@ (such as 3_12_0rc1, for names in C), @VERSION_TUPLE@ (for Python)"
        " and @COMMIT@, which is empty without a commit; the stamp renders it again",
    )
    add_entry_point_option(parser)
    parser.add_argument("--output", type=Path, required=True, help="the folder to write the wheel to")
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")


def version_file(text: str) -> tuple[str, Path]:
    """Parse the value of `--version-file`."""
    path, _, template = text.partition("=")
    if not path or not template:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form PATH=TEMPLATE")
    return path, Path(template)


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
        version_files=tuple(args.version_file),
        licenses=args.licenses,
        entry_points=tuple(args.entry_point),
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
