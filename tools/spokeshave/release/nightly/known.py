"""The releases that are known: those of indexes, and the records on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.record import manifest_sha256, read_record
from spokeshave.requirement_text import parse_wheel_file_name
from spokeshave.wheel.name import is_version
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

_DAY = re.compile(r"[0-9]{8}")


@dataclass(frozen=True)
class KnownSet:
    """A release that an index lists, or whose record is on this machine.

    Attributes:
        record: The folder of its record. That of an index has no files.
        manifest_sha256: That of its record. Empty if that cannot be read.
    """

    version: str
    channel: str | None
    commit: str | None
    record: Path
    is_complete: bool = True
    manifest_sha256: str = ""

    @property
    def content(self) -> tuple[str | None, str]:
        """Return what two sets of one version on one index must have in common."""
        return self.commit, self.manifest_sha256

    @property
    def day(self) -> str | None:
        """Return the date in its version, as YYYYMMDD. None if it has none."""
        pre = Version(self.version).pre
        return str(pre[1]) if pre and _DAY.fullmatch(str(pre[1])) else None

    @property
    def number(self) -> int:
        """Return the number of the release on its day: 0 for the first, 1 for the one with .post1."""
        return Version(self.version).post or 0


def newest(sets: Iterable[KnownSet]) -> KnownSet | None:
    """Return the set with the highest version, which installers choose."""
    return max(sets, key=lambda each: Version(each.version), default=None)


def sets_of_index(folder: Path, name: str) -> Iterator[KnownSet]:
    """Yield the sets of a release that an index lists. An index that does not exist has none.

    Raises:
        InvalidIndexError: If it cannot be read.
    """
    index = ReleaseIndex(folder)
    for listed in index.sets():
        if listed.name == name:
            yield KnownSet(
                version=listed.version,
                channel=listed.channel,
                commit=listed.commit,
                record=index.record_path(name, listed.version),
                is_complete=listed.is_complete,
                manifest_sha256=listed.manifest_sha256,
            )


def sets_of_records(folder: Path, name: str) -> Iterator[KnownSet]:
    """Yield the records of a release in a folder, such as `dist/releases`.

    A record that cannot be read has no commit and is not complete, but no other release can have its version.
    """
    for path in sorted((folder / name).glob("*")):
        try:
            yield known_set(path, read_record(path))
        except SpokeshaveError:
            if is_version(path.name) and path.is_dir() and any(path.iterdir()):
                yield KnownSet(version=path.name, channel=None, commit=None, record=path, is_complete=False)


def known_set(folder: Path, record: ReleaseRecord) -> KnownSet:
    """Return a record as a known set."""
    return KnownSet(
        version=record.version,
        channel=record.channel,
        commit=record.commit,
        record=folder,
        manifest_sha256=manifest_sha256(folder),
    )


def payloads(record: ReleaseRecord) -> Mapping[tuple[str, str], str | None]:
    """Return what each file installs, by project and wheel tags: a hash that does not depend on the version."""
    return {(file.project, _tags(file)): file.payload_sha256 for file in record.files}


def installs_the_same(record: ReleaseRecord, other: ReleaseRecord) -> bool:
    """Return whether two releases differ in nothing but their version. What has no payload, as an sdist, may differ."""
    found = payloads(record)
    return bool(found) and None not in found.values() and found == payloads(other)


def _tags(file: ReleaseFile) -> str:
    if not file.is_wheel:
        return "sdist"
    _, _, build, tags = parse_wheel_file_name(file.name)
    return " ".join([*map(str, build), *sorted(map(str, tags))])
