"""The rules of a destination: what an index has already, how much it takes, and in which order versions follow.

Pure functions over listings. That a name was used by a file that was deleted since cannot be seen in a listing: only
the upload shows it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename
from packaging.version import InvalidVersion, Version

from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.destination.destination import Limits, Listing
from spokeshave.requirement_text import parse_sdist_file_name, parse_wheel_file_name
from spokeshave_core.outcomes import Presence
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import WHEEL_SUFFIX

_CLOSED = {
    "archived": "It takes no files. Remove the archive mark in the project's settings first.",
    "quarantined": "The index's administrators stopped it. Wait for them, and look for their message.",
}
_NEW_VERSION = "Make a new version: stamp the release again with one that sorts higher."


@dataclass(frozen=True)
class Offer:
    """The files of one project, and what a destination has of it.

    Attributes:
        states: Whether the destination has a file of its name, by name; other files are missing there.
        index: The destination in messages.
    """

    project: str
    files: Sequence[CheckedFile]
    listing: Listing
    states: Mapping[str, Presence]
    limits: Limits
    index: str

    @property
    def new(self) -> list[CheckedFile]:
        """Return the files that an upload would send: those without a file of their name there."""
        return [file for file in self.files if self.states.get(file.name, Presence.MISSING) is Presence.MISSING]

    @cached_property
    def versions(self) -> dict[str, Version | None]:
        """Return the version of each listed file, by its name."""
        return {name: _version_of(name) for name in self.listing.files}

    @property
    def used(self) -> int | None:
        """Return the bytes that the project has there; None if the destination does not list all sizes."""
        sizes = [file.size for file in self.listing.files.values()]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    @property
    def needed(self) -> int:
        """Return the bytes that an upload would add."""
        return sum(file.size for file in self.new)


def check_offers(offers: Sequence[Offer], now: datetime.datetime, channel: str | None = None) -> tuple[Problem, ...]:
    """Return the problems of all projects of a set on one destination.

    Args:
        channel: The release channel, if it is known.
    """
    listed = {file.sha256: file.name for offer in offers for file in offer.listing.files.values() if file.sha256}
    problems: list[Problem] = []
    for offer in offers:
        problems += [
            *_names(offer, listed),
            *_sizes(offer),
            *_status(offer),
            *_age(offer, now),
            *_order(offer, channel),
        ]
    return tuple(dict.fromkeys(problems))


def _names(offer: Offer, listed: Mapping[str, str]) -> Iterator[Problem]:
    for file in offer.files:
        other = listed.get(file.sha256)
        if offer.states.get(file.name) is Presence.OTHER_BYTES:
            message = f"{offer.index} has a file of this name with other bytes"
            yield Problem(file.name, message, f"A file name can be used once. {_NEW_VERSION}")
        elif file.name not in offer.states and other is not None and other != file.name:
            message = f"{offer.index} has the same bytes as {other}, and refuses them under another name"
            yield Problem(file.name, message, f"Never rename a wheel. {_NEW_VERSION}")


def _sizes(offer: Offer) -> Iterator[Problem]:
    limit = offer.limits.file
    for file in offer.new:
        if limit is not None and file.size > limit:
            message = f"has {_bytes(file.size)}, but {offer.index} takes files of {_bytes(limit)} at most"
            remedy = "Make it smaller, or ask the index for a larger limit and give it with --file-limit."
            yield Problem(file.name, message, remedy)
    total = offer.limits.of_project(offer.project)
    if total is None or offer.used is None or not offer.new:
        return
    free = max(0, total - offer.used)
    if offer.needed > free:
        message = (
            f"needs {_bytes(offer.needed)}, but {offer.index} has {_bytes(free)} free of {_bytes(total)} for the "
            f"project: {_bytes(offer.needed - free)} too many"
        )
        remedy = (
            "Ask the index for a larger limit and give it with --project-limit. Deleting old releases frees space, but "
            "breaks those who pin them; yanking frees none."
        )
        yield Problem(offer.project, message, remedy)


def _bytes(count: int) -> str:
    """Return a size exactly, and in a unit that is easy to read."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if count >= 1 << shift:
            return f"{count} bytes ({count / (1 << shift):.1f} {unit})"
    return f"{count} bytes"


def _status(offer: Offer) -> Iterator[Problem]:
    if offer.listing.status in _CLOSED and offer.new:
        message = f"is {offer.listing.status} on {offer.index}"
        yield Problem(offer.project, message, _CLOSED[offer.listing.status])


def _age(offer: Offer, now: datetime.datetime) -> Iterator[Problem]:
    days = offer.limits.maximum_age
    if days is None:
        return
    for version in _new_versions(offer):
        uploads = [file.uploaded for name, file in offer.listing.files.items() if offer.versions[name] == version]
        first = min((time for time in uploads if time is not None), default=None)
        if first is None or now - first <= datetime.timedelta(days=days):
            continue
        names = [file.name for file in offer.new if file.version == version]
        message = (
            f"{version} was released on {offer.index} on {first:%Y-%m-%d}, more than {days:g} days ago, and takes no "
            f"new files, but lacks {len(names)} of this set, such as {names[0]}"
        )
        yield Problem(offer.project, message, _NEW_VERSION)


def _new_versions(offer: Offer) -> list[Version]:
    return sorted({file.version for file in offer.new if file.version is not None})


def _order(offer: Offer, channel: str | None) -> Iterator[Problem]:
    """Check that installers will see each new version as newer than the final ones that it follows."""
    finals = {version for version in _offered(offer) if not version.is_prerelease}
    started = frozenset(offer.versions.values())
    for version in _new_versions(offer):
        if version in started:
            # The rest of a release whose order was decided with its first file.
            continue
        is_nightly = version.is_devrelease or channel == "nightly"
        rivals = finals if is_nightly else {final for final in finals if _line(final) == _line(version)}
        newest = max(rivals, default=None)
        if newest is not None and version < newest:
            what = "nightly" if is_nightly else "release candidate" if version.is_prerelease else "release"
            message = f"{version} sorts below {newest}, which {offer.index} has: installers would not take this {what}"
            remedy = "Raise the version in the version files and build again."
            yield Problem(offer.project, message, remedy)


def _line(version: Version) -> tuple[int, ...]:
    """Return the X.Y line of a version; 3 is a version of the line 3.0."""
    return (version.major, version.minor)


def _offered(offer: Offer) -> set[Version]:
    """Return the versions that installers may take: those with a file that is not yanked."""
    found = {offer.versions[name] for name, file in offer.listing.files.items() if file.yanked is None}
    return {version for version in found if version is not None}


def _version_of(name: str) -> Version | None:
    """Return the version in a file's name; None for old formats, whose names do not say it clearly."""
    try:
        if name.endswith(WHEEL_SUFFIX):
            return parse_wheel_file_name(name)[1]
        return parse_sdist_file_name(name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None
