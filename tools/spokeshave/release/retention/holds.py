"""What the sets of an index, records outside of it and the files of downstreams need of the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from packaging.version import Version

from spokeshave.release.index.folder import METADATA, InvalidIndexError, ReleaseIndex, listed_files
from spokeshave.release.record import file_path, read_record
from spokeshave.release.retention.pins import Pin, pins_of_metadata, read_pins
from spokeshave.release.retention.retention import Holds
from spokeshave.wheel.archive import ArchiveReader
from spokeshave.wheel.writer import find_dist_info
from spokeshave_core.problems import Problem
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

_VERIFY = "Run `spokeshave index verify`, and add the release again. Nothing is removed until its pins are known."


def holds_of_set(index: ReleaseIndex, listed: IndexedSet) -> Holds:
    """Return what a set of an index holds. Of a part of a release, what its listed files do.

    Raises:
        SpokeshaveError: If its record or the metadata of a wheel cannot be read.
    """

    def metadata(file: ReleaseFile) -> bytes:
        path = index.file_path(file.sha256, f"{file.name}{METADATA}")
        try:
            return path.read_bytes()
        except OSError as err:
            raise InvalidIndexError(Problem(str(path), f"cannot be read ({err.strerror})", _VERIFY)) from err

    record = read_record(index.record_path(listed.name, listed.version))
    return _holds(record, listed_files(record, listed.only), metadata)


def holds_of_record(folder: Path) -> Holds:
    """Return what a record that need not be in the index holds.

    Raises:
        SpokeshaveError: If it or a wheel of it cannot be read.
    """

    def metadata(file: ReleaseFile) -> bytes:
        with ArchiveReader(file_path(folder, file.name)) as reader:
            return reader.read(f"{find_dist_info(reader.members, file.name)}/METADATA")

    record = read_record(folder)
    return _holds(record, record.files, metadata)


def holds_of_downstream(path: Path) -> Holds:
    """Return what a requirements, constraints or lock file holds.

    Raises:
        InvalidPinsError: If it cannot be read.
    """
    return Holds(path.name, read_pins(path))


def _holds(record: ReleaseRecord, files: Sequence[ReleaseFile], metadata: Callable[[ReleaseFile], bytes]) -> Holds:
    pins = dict.fromkeys(pin for pin in _pins(files, metadata) if not _is_sibling(record, pin))
    return Holds(
        holder=f"{record.name} {record.version}",
        pins=tuple(pins),
        release=record.name,
        promoted_from=record.promoted_from,
    )


def _pins(files: Sequence[ReleaseFile], metadata: Callable[[ReleaseFile], bytes]) -> Iterator[Pin]:
    """Yield the pins of the wheels. Those of one project mostly have the same METADATA, which is read once."""
    seen = set()
    for file in files:
        if not file.is_wheel or file.metadata_sha256 in seen:
            continue
        if file.metadata_sha256 is not None:
            seen.add(file.metadata_sha256)
        yield from pins_of_metadata(metadata(file))


def _is_sibling(record: ReleaseRecord, pin: Pin) -> bool:
    """Return whether a pin is one of the record's own projects."""
    own = record.projects.get(pin.project)
    return own is not None and pin.version in (Version(own.version), Version(Version(own.version).public))
