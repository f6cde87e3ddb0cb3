"""The command `spokeshave stamp`: write a version into a finished wheel without any other change.

The version to replace is read from the wheel, so that a release candidate's wheel can be stamped again as the final
release. It is changed at known positions only: the names of the wheel and of its two directories, METADATA, the pins
and the version module of the recipe, SBOMs and RECORD. All other files keep their compressed bytes, and the payload is
never searched for text.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from spokeshave.errors import ExitCode, InvalidVersionError, InvalidWheelError
from spokeshave.report import write_text
from spokeshave.stamp.sbom import Restamp, restamp_sbom
from spokeshave.wheel.archive import ArchiveReader, Compression, Member
from spokeshave.wheel.name import is_version, parse_wheel_name
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.record import RecordEntry, parse_record
from spokeshave.wheel.version_module import render_version_module
from spokeshave.wheel.writer import CopiedMember, WheelEntry, WrittenWheel, find_dist_info, write_wheel
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.reports.stamp import StampReport
from spokeshave_core.wheel_name import WheelName, split_dist_info

SIGNATURES = ("RECORD.jws", "RECORD.p7s")
REBUILD = "Build the wheel again: its parts contradict each other."


@dataclass(frozen=True)
class StampedWheel:
    """A stamped wheel. `changed` are the new paths of the files with changed content."""

    wheel: WrittenWheel
    version: str
    changed: tuple[str, ...]
    copied: int


@dataclass(frozen=True)
class OpenWheel:
    """A wheel that is read: its name, its version from METADATA, its recipe and its RECORD."""

    reader: ArchiveReader
    name: WheelName
    dist_info: str
    version: str
    metadata: bytes
    recipe: Recipe
    record: Mapping[str, RecordEntry]

    def place(self, name: str) -> str:
        """Return the name of a file of the wheel for messages."""
        return f"{self.reader.path.name}: {name}"


def stamp(wheel: Path, version: str, output: Path) -> StampedWheel:
    """Write the wheel with another version into a directory and return it.

    Raises:
        InvalidVersionError: If the version does not conform to PEP 440.
        InvalidWheelError: For all problems that prevent the stamp.
    """
    new = parse_version(version)
    name = parse_wheel_name(wheel.name)
    with ArchiveReader(wheel) as reader:
        opened = open_wheel(reader, name)
        target = WheelName(name=name.name, version=new, tag=name.tag, build=name.build)
        change = Restamp(name.name, opened.version, new)
        rewritten = rewrite_files(opened, change)
        moved = {member: moved_name(member, opened.dist_info, new) for member in reader.members}
        entries = stamped_entries(opened, rewritten, moved)
        dist_info = moved_name(f"{opened.dist_info}/", opened.dist_info, new).rstrip("/")
        compression = reader.members[f"{opened.dist_info}/RECORD"].compression
        written = write_wheel(output / str(target), dist_info, entries, compression)
        changed = [*(moved[member] for member in rewritten), f"{dist_info}/RECORD"]
        copied = check_copies(reader, written.path, moved, changed)
    return StampedWheel(wheel=written, version=new, changed=tuple(sorted(changed)), copied=copied)


def parse_version(text: str) -> str:
    """Return a version in PEP 440's normal form."""
    try:
        return str(Version(text))
    except InvalidVersion as err:
        problem = Problem(f"version {text}", "is not a PEP 440 version", "Give one such as 3.12.0 or 3.12.0rc20260821.")
        raise InvalidVersionError(problem) from err


def open_wheel(reader: ArchiveReader, name: WheelName) -> OpenWheel:
    """Read the parts of a wheel that the stamp needs.

    Raises:
        InvalidWheelError: If the wheel contradicts itself.
    """
    dist_info = find_dist_info(reader.members, reader.path.name)
    problems = Problems()
    for file in ("METADATA", "RECORD", "WHEEL"):
        if f"{dist_info}/{file}" not in reader.members:
            problems.add(f"{reader.path.name}: {dist_info}/{file}", "is missing", REBUILD)
    for file in SIGNATURES:
        if f"{dist_info}/{file}" in reader.members:
            place = f"{reader.path.name}: {dist_info}/{file}"
            problems.add(place, "is a signature, which stamping would invalidate", "Stamp first and sign afterwards.")
    problems.raise_if_any(InvalidWheelError)
    metadata = reader.read(f"{dist_info}/METADATA")
    version = metadata_version(metadata, f"{reader.path.name}: {dist_info}/METADATA")
    record = parse_record(reader.read(f"{dist_info}/RECORD"), f"{reader.path.name}: {dist_info}/RECORD")
    opened = OpenWheel(
        reader=reader,
        name=name,
        dist_info=dist_info,
        version=version,
        metadata=metadata,
        recipe=read_recipe(reader, dist_info),
        record=record,
    )
    check_consistency(opened)
    return opened


def read_recipe(reader: ArchiveReader, dist_info: str) -> Recipe:
    """Return the wheel's recipe. A wheel from another backend has none, and therefore no pins and no version module."""
    path = f"{dist_info}/{RECIPE}"
    if path not in reader.members:
        return Recipe()
    return Recipe.parse(reader.read(path), f"{reader.path.name}: {path}")


def metadata_version(metadata: bytes, place: str) -> str:
    """Return the version as written in METADATA."""
    found = [line.split(b":", 1)[1].strip() for line in header_lines(metadata) if line.lower().startswith(b"version:")]
    if len(found) != 1 or not is_version(found[0].decode("utf-8", "replace")):
        raise InvalidWheelError(Problem(place, "does not have one valid Version", REBUILD))
    return found[0].decode("utf-8")


def header_lines(metadata: bytes) -> list[bytes]:
    """Return the lines of METADATA before the description, with their line ends."""
    lines = metadata.splitlines(keepends=True)
    end = next((index for index, line in enumerate(lines) if not line.strip(b"\r\n")), len(lines))
    return lines[:end]


def check_consistency(wheel: OpenWheel) -> None:
    """Check that a wheel's file name, directories, METADATA, RECORD and recipe agree."""
    problems = Problems()
    folder_name, folder_version = split_dist_info(wheel.dist_info)
    stated = {"file name": wheel.name.version, f"folder {wheel.dist_info}": folder_version}
    for place, version in stated.items():
        if not is_version(version) or Version(version) != Version(wheel.version):
            problems.add(wheel.place(place), f"has the version {version}, but METADATA has {wheel.version}", REBUILD)
    if canonicalize_name(folder_name) != canonicalize_name(wheel.name.name):
        problems.add(wheel.place(wheel.dist_info), f"is the folder of {folder_name}", REBUILD)
    check_record(wheel, problems)
    module = wheel.recipe.version_module
    if module and module not in wheel.reader.members:
        problems.add(wheel.place(module), "is the version module, but does not exist", REBUILD)
    elif module and wheel.reader.read(module) != render_version_module(wheel.version):
        remedy = "Only the stamp may write the version module; build the wheel again."
        problems.add(wheel.place(module), f"is not the version module of {wheel.version}", remedy)
    problems.raise_if_any(InvalidWheelError)


def check_record(wheel: OpenWheel, problems: Problems) -> None:
    """Add problems for files whose line in RECORD is wrong, because the stamp copies these lines."""
    for name, member in wheel.reader.members.items():
        entry = wheel.record.get(name)
        if entry is None:
            problems.add(wheel.place(name), "is not listed in RECORD", REBUILD)
        elif name != f"{wheel.dist_info}/RECORD" and (not entry.hash or entry.size not in (None, member.size)):
            problems.add(wheel.place(name), "is listed in RECORD without a hash or with another size", REBUILD)
    for name in wheel.record:
        if name not in wheel.reader.members:
            problems.add(wheel.place(name), "is listed in RECORD, but does not exist", REBUILD)


def rewrite_files(wheel: OpenWheel, change: Restamp) -> dict[str, bytes]:
    """Return the new content of each file with the version, except RECORD, by its old path."""
    metadata = f"{wheel.dist_info}/METADATA"
    files = {metadata: restamp_metadata(wheel.metadata, wheel.recipe.pins, change, wheel.place(metadata))}
    if wheel.recipe.version_module:
        files[wheel.recipe.version_module] = render_version_module(change.new)
    for name in wheel.reader.members:
        if name.startswith(f"{wheel.dist_info}/sboms/") and name.endswith(".json"):
            data = wheel.reader.read(name)
            restamped = restamp_sbom(data, change, wheel.place(name))
            files.update({name: restamped} if restamped != data else {})
    return files


def restamp_metadata(metadata: bytes, pins: Iterable[str], change: Restamp, place: str) -> bytes:
    """Return METADATA with only the version and the pins changed.

    Raises:
        InvalidWheelError: For all requirements of a pinned distribution that are not pinned to the old version.
    """
    problems = Problems()
    headers = header_lines(metadata)
    body = metadata[sum(map(len, headers)) :]
    lines = [restamp_header(line, frozenset(pins), change, place, problems) for line in headers]
    problems.raise_if_any(InvalidWheelError)
    return b"".join(lines) + body


def restamp_header(line: bytes, pins: frozenset[str], change: Restamp, place: str, problems: Problems) -> bytes:
    """Return one changed header line of METADATA."""
    content = line.rstrip(b"\r\n")
    key, _, value = content.partition(b":")
    end = line[len(content) :]
    if key.lower() == b"version":
        return key + b": " + change.new.encode() + end
    if key.lower() != b"requires-dist" or not pins:
        return line
    try:
        requirement = Requirement(value.decode("utf-8").strip())
    except (InvalidRequirement, UnicodeDecodeError) as err:
        problems.add(place, f"has a requirement that cannot be read ({err})", REBUILD)
        return line
    if canonicalize_name(requirement.name) not in pins:
        return line
    if requirement.specifier != SpecifierSet(f"=={change.old}"):
        problems.add(place, f"requires {requirement}, which is not pinned to {change.old}", REBUILD)
    requirement.specifier = SpecifierSet(f"=={change.new}")
    return key + b": " + str(requirement).encode() + end


def moved_name(name: str, dist_info: str, version: str) -> str:
    """Return a file's path in the stamped wheel: the two directories with a version are renamed."""
    own, old = split_dist_info(dist_info)
    folder, slash, rest = name.partition("/")
    if slash and folder in (dist_info, f"{own}-{old}.data"):
        return f"{own}-{version}{folder[len(f'{own}-{old}') :]}/{rest}"
    return name


def stamped_entries(wheel: OpenWheel, rewritten: Mapping[str, bytes], moved: Mapping[str, str]) -> list[WheelEntry]:
    """Return the files of the stamped wheel except RECORD."""
    entries = []
    for name, member in wheel.reader.members.items():
        if name == f"{wheel.dist_info}/RECORD":
            continue
        content = rewritten.get(name) or CopiedMember(wheel.reader, member, wheel.record[name])
        entries.append(
            WheelEntry(name=moved[name], content=content, compression=member.compression, executable=member.executable)
        )
    return entries


def check_copies(reader: ArchiveReader, wheel: Path, moved: Mapping[str, str], changed: Iterable[str]) -> int:
    """Verify that the written wheel has copies of all but the changed files, and return their number.

    Raises:
        InvalidWheelError: If one is not a copy, which would be a bug of Spokeshave.
    """
    copies = {name: moved[name] for name in moved if moved[name] not in set(changed)}
    before = {copy: fingerprint(reader.members[name]) for name, copy in copies.items()}
    with ArchiveReader(wheel) as written:
        after = {name: fingerprint(member) for name, member in written.members.items() if name not in set(changed)}
    if before != after:
        different = ", ".join(sorted(dict(before.items() ^ after.items())))
        wheel.unlink()
        raise InvalidWheelError(
            Problem(str(wheel), f"is not a copy of {reader.path.name} ({different})", "Report this.")
        )
    return len(copies)


def fingerprint(member: Member) -> tuple[int, int, int, Compression, bool]:
    """Return the properties that members with the same content share."""
    return member.crc, member.size, member.compressed_size, member.compression, member.executable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--wheel", type=Path, required=True, help="the repaired or already stamped wheel")
    parser.add_argument("--version", required=True, help="the PEP 440 version to write, such as 3.12.0rc1")
    parser.add_argument("--output", type=Path, required=True, help="the folder to write the wheel to")
    parser.add_argument("--report", type=Path, required=True, help="the JSON report to write")


def run(args: argparse.Namespace) -> int:
    """Stamp one wheel and write the report."""
    stamped = stamp(args.wheel, args.version, args.output)
    report = StampReport(
        wheel=stamped.wheel.path.name,
        sha256=stamped.wheel.sha256,
        size=stamped.wheel.size,
        version=stamped.version,
        changed=stamped.changed,
        copied=stamped.copied,
    )
    write_text(args.report, report.to_json())
    return ExitCode.OK
