"""The wheel that the stamp reads: its name, its facts, its recipe and its RECORD, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from spokeshave.errors import InvalidWheelError
from spokeshave.wheel.archive import ArchiveReader
from spokeshave.wheel.name import is_version, parse_wheel_name
from spokeshave.wheel.recipe import RECIPE, Recipe
from spokeshave.wheel.record import RecordEntry, parse_record
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave.wheel.version_module import render_version_module
from spokeshave.wheel.writer import find_dist_info
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.wheel_name import WheelName, split_dist_info

SIGNATURES = ("RECORD.jws", "RECORD.p7s")
REBUILD = "Build the wheel again: its parts contradict each other."


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

    @property
    def facts(self) -> VersionFacts:
        """Return the facts that the wheel states."""
        return self.recipe.facts(self.version)

    @property
    def has_recipe(self) -> bool:
        """Return whether Spokeshave built the wheel."""
        return f"{self.dist_info}/{RECIPE}" in self.reader.members

    def place(self, name: str) -> str:
        """Return the name of a file of the wheel for messages."""
        return f"{self.reader.path.name}: {name}"


def read_version_facts(wheel: Path) -> VersionFacts:
    """Return the facts that a wheel states. A wheel from another backend states its version alone.

    Raises:
        InvalidWheelError: If the wheel contradicts itself.
    """
    with ArchiveReader(wheel) as reader:
        return open_wheel(reader).facts


def open_wheel(reader: ArchiveReader) -> OpenWheel:
    """Read the parts of a wheel that the stamp needs.

    Raises:
        InvalidWheelError: If the wheel contradicts itself.
    """
    name = parse_wheel_name(reader.path.name)
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
    """Return the wheel's recipe. A wheel from another backend has an empty one."""
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
    check_generated_files(wheel, problems)
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


def check_generated_files(wheel: OpenWheel, problems: Problems) -> None:
    """Add problems for files of the recipe that do not exist, or that are not what the wheel's facts give."""
    module = wheel.recipe.version_module
    expected = {module: ("the version module", render_version_module(wheel.facts))} if module else {}
    for path, content in wheel.recipe.rendered_files(wheel.facts).items():
        expected[path] = ("the version file", content)
    for path, (kind, content) in expected.items():
        if path not in wheel.reader.members:
            problems.add(wheel.place(path), f"is {kind}, but does not exist", REBUILD)
        elif wheel.reader.read(path) != content:
            remedy = f"Only the stamp may write {kind}; build the wheel again."
            problems.add(wheel.place(path), f"is not {kind} of {wheel.version}", remedy)
    for path in wheel.recipe.version_slots:
        if path not in wheel.reader.members:
            problems.add(wheel.place(path), "is listed with a version slot, but does not exist", REBUILD)
