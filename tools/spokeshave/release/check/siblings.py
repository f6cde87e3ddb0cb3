"""What a part of a release lacks: projects of the release that its files pin.

A part by platform has all projects of the release. Where a project's wheels have other tags than those of a sibling
that it pins, the part may lack the sibling, and pip then finds a compiler without its runtime.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement
from packaging.utils import canonicalize_name

from spokeshave.release.destination.destination import Destination
from spokeshave.release.file_selection import SDISTS, platforms_of
from spokeshave.release.record import file_path
from spokeshave.requirement_text import parse_requirement
from spokeshave_core.outcomes import Presence
from spokeshave_core.platform import InvalidPlatformError, Platform
from spokeshave_core.problems import Problem
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord
from spokeshave_core.wheel_name import WheelName

_ANY = "any"
_ABI3 = "abi3"
_NO_ABI = "none"


def part_text(only: Sequence[str]) -> str:
    """Return the globs of a part for messages."""
    return f"only {' '.join(only)}"


def sibling_problems(
    folder: Path, record: ReleaseRecord, only: Sequence[str], names: Collection[str], destination: Destination
) -> Iterator[Problem]:
    """Yield a problem for each file of a part that a destination would have without a sibling that it pins.

    Args:
        folder: That of the record.
        only: The globs that select the part.
        names: The names of its files.

    Raises:
        DestinationError: If the destination does not list what it has.
    """
    own = [file for file in record.files if file.name in names]
    lacks = list(lacking(own, record, names))
    candidates = {name for lack in lacks for name in lack.candidates}
    there = present(folder, [file for file in record.files if file.name in candidates], destination)
    for lack in lacks:
        if not lack.candidates & there:
            message = (
                f"{part_text(only)} would publish it without {lack.sibling}, which it pins: pip finds no file of it "
                f"for {lack.platform}"
            )
            yield Problem(lack.file, message, f"Add {lack.remedy}, or publish that first.")


def present(folder: Path, files: Collection[ReleaseFile], destination: Destination) -> frozenset[str]:
    """Return the files of a record that a destination has, with the same bytes.

    Raises:
        DestinationError: If it does not list them.
    """
    listings = {project: destination.listing(project) for project in sorted({file.project for file in files})}
    return frozenset(
        file.name
        for file in files
        if destination.state_by_sha256(file_path(folder, file.name), file.sha256, listings[file.project])
        is Presence.THERE
    )


@dataclass(frozen=True)
class Lack:
    """A file of a part whose sibling is not in it.

    Attributes:
        candidates: The sibling's files of the release that would serve its users.
        platform: Where they would.
    """

    file: str
    sibling: str
    platform: str
    candidates: frozenset[str]

    @property
    def remedy(self) -> str:
        """Return the option that adds one of the candidates."""
        tags = platforms_of(min(self.candidates))
        return f"--only '{tags[-1] if tags else SDISTS}'"


def lacking(files: Sequence[ReleaseFile], record: ReleaseRecord, names: Collection[str]) -> Iterator[Lack]:
    """Yield the files of a part that would be there without a sibling that they pin.

    Args:
        names: The names of the files of the part.
    """
    for file in files:
        for sibling in _siblings(record, file.project):
            own = [other for other in record.files if other.project == sibling]
            for platform, candidates in _candidates(file, own).items():
                if not candidates & set(names):
                    yield Lack(file=file.name, sibling=sibling, platform=platform, candidates=frozenset(candidates))


def _siblings(record: ReleaseRecord, project: str) -> Iterator[str]:
    """Yield the projects of the release that each installation of a project needs."""
    for text in record.projects[project].requires:
        try:
            pin = parse_requirement(text)
        except InvalidRequirement:
            continue
        name = canonicalize_name(pin.name)
        if name in record.projects and name != project and "extra ==" not in str(pin.marker or ""):
            yield name


def _candidates(file: ReleaseFile, siblings: Sequence[ReleaseFile]) -> Mapping[str, set[str]]:
    """Return the files of a sibling that serve a file's users, by platform. Its sdist does if it has no wheel."""
    found: dict[str, set[str]] = {}
    wheels = [other for other in siblings if other.is_wheel]
    for other in wheels if file.is_wheel else ():
        for platform in _shared_platforms(file.name, other.name):
            found.setdefault(platform, set()).add(other.name)
    if found:
        return found
    others = {other.name for other in siblings if not other.is_wheel or not file.is_wheel}
    return {"any platform": others} if others else {}


def _shared_platforms(name: str, sibling: str) -> frozenset[str]:
    """Return the kinds of platforms on which both wheels are installed, for any floors."""
    tag = WheelName.parse(name).tag
    other = WheelName.parse(sibling).tag
    abis = set(tag.abi.split("."))
    other_abis = set(other.abi.split("."))
    if not abis & other_abis and not {_ABI3, _NO_ABI} & (abis | other_abis):
        return frozenset()
    kinds = _kinds(tag.platforms)
    other_kinds = _kinds(other.platforms)
    if _ANY in other_kinds:
        return kinds
    return other_kinds if _ANY in kinds else kinds & other_kinds


def _kinds(platforms: Sequence[str]) -> frozenset[str]:
    """Return the platforms without their floors, such as `manylinux_*_x86_64`."""
    found: set[str] = set()
    for tag in platforms:
        try:
            found.update(part.any_floor for part in Platform.parse(tag).slices)
        except InvalidPlatformError:
            found.add(tag)
    return frozenset(found)
