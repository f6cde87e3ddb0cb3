"""A part of a release that is published on purpose: which files, and what its users would miss.

A part by platform has all projects of the release. Where a project's wheels have other tags than those of a sibling
that it pins, the part may lack the sibling, and pip then finds a compiler without its runtime.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from spokeshave.errors import counted, some
from spokeshave.release.destination.destination import Destination
from spokeshave.release.file_selection import SDISTS, platforms_of, selected
from spokeshave.release.record import file_path
from spokeshave_core.outcomes import Presence
from spokeshave_core.platform import InvalidPlatformError, Platform
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord
from spokeshave_core.wheel_name import WheelName

_ANY = "any"
_ABI3 = "abi3"
_NO_ABI = "none"
_COMPLETE = "publish without --only completes it"


class PartError(SpokeshaveError):
    """A part of a release where nobody said that a part is meant, or the other way round."""


@dataclass(frozen=True)
class ReleasePart:
    """The files of a release that are published.

    Attributes:
        record: The whole release.
        only: The globs of `--only`; empty if they are all files.
        names: The names of the files.
    """

    record: ReleaseRecord
    only: tuple[str, ...]
    names: frozenset[str]

    @property
    def shown(self) -> str:
        """Return the globs for messages."""
        return f"only {' '.join(self.only)}"

    @property
    def reduced(self) -> ReleaseRecord:
        """Return the record with the files of the part alone."""
        return replace(self.record, files=tuple(file for file in self.record.files if file.name in self.names))

    @property
    def others(self) -> tuple[ReleaseFile, ...]:
        """Return the files of the release that do not belong to the part."""
        return tuple(file for file in self.record.files if file.name not in self.names)

    def missing(self, folder: Path, destination: Destination) -> tuple[str, ...]:
        """Return the other files that a destination does not have."""
        return tuple(sorted({file.name for file in self.others} - present(folder, self.others, destination)))

    def problems(self, folder: Path, destination: Destination) -> Iterator[Problem]:
        """Yield a problem for each project that would be published without a sibling that it pins.

        Raises:
            DestinationError: If the destination does not list what it has.
        """
        lacks = list(lacking(self.reduced.files, self.record, self.names))
        candidates = {name for lack in lacks for name in lack.candidates}
        files = [file for file in self.record.files if file.name in candidates]
        there = present(folder, files, destination)
        for lack in lacks:
            if not lack.candidates & there:
                message = (
                    f"{self.shown} would publish it without {lack.sibling}, which it pins: pip finds no file of it for "
                    f"{lack.platform}"
                )
                yield Problem(lack.file, message, f"Add {lack.remedy}, or publish that first.")


def part_of(record: ReleaseRecord, only: Sequence[str], *, is_meant: bool) -> ReleasePart:
    """Return the part that `--only` selects. If that is every file, it is the whole release.

    Args:
        is_meant: Whether the user said that a part is meant, by `--partial`.

    Raises:
        SelectionError: If a glob selects no file.
        PartError: If a part is selected, and not meant.
    """
    if is_meant and not only:
        raise PartError(Problem("--partial", "needs --only, which says which part", "Add --only, or omit --partial."))
    globs = tuple(dict.fromkeys(only))
    names = selected([file.name for file in record.files], globs)
    part = ReleasePart(record, globs if len(names) < len(record.files) else (), names)
    if part.only and not is_meant:
        count = f"{len(names)} of {counted(len(record.files), 'file')}"
        message = f"{' '.join(globs)} selects {count} of {record.name} {record.version}, which is published as a whole"
        remedy = "If a part is meant, add --partial: the release is then recorded as partial, and a later publish "
        raise PartError(Problem("--only", message, f"{remedy}without --only completes it."))
    return part


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


def notes_of(part: ReleasePart, missing: Sequence[str], maximum_age: int | None) -> Iterator[str]:
    """Yield what a user should know of a part that was published, or will be.

    Args:
        missing: The other files that the destination does not have.
        maximum_age: The days after which the destination takes no new files.
    """
    if not part.only or not missing:
        return
    age = f". The index takes new files of a release for {maximum_age} days" if maximum_age is not None else ""
    yield f"partial: {part.shown}; {_COMPLETE}{age}. Not there: {some(list(missing))}"
    sdists = [file for file in part.reduced.files if not file.is_wheel]
    if sdists and any(file.is_wheel and file.name in missing for file in part.others):
        yield "The sdist is there without all wheels: installers build it on the platforms that have none."


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
            pin = Requirement(text)
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
