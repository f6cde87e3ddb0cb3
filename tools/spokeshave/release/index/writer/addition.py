"""Records that come into an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename
from packaging.version import Version

from spokeshave.release.file_selection import selected
from spokeshave.release.index.folder import CURRENT, ReleaseIndex, listed_files
from spokeshave.release.index.writer.change import IndexWriter, RefusedChangeError, is_same_release, open_writer
from spokeshave.release.index.writer.store import Progress, silent, store_record
from spokeshave.release.integrity import verify_record
from spokeshave.release.record import manifest_sha256, read_record
from spokeshave.requirement_text import parse_sdist_file_name, parse_wheel_file_name
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.release.index import IndexChange, IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

_HASH_SHOWN = 12
_NEW_VERSION = (
    "A release is never replaced: give the new one another version, or remove the old one by `spokeshave index remove`."
)


@dataclass(frozen=True)
class AddedRecord:
    """A record that comes into an index.

    Attributes:
        folder: It is not the index's.
        only: The globs of `--only`, if a part of the release is meant.
    """

    folder: Path
    record: ReleaseRecord
    manifest_sha256: str
    only: tuple[str, ...] = ()


def add_records(
    folder: Path,
    paths: Sequence[Path],
    added: str,
    *,
    only: Sequence[str] = (),
    kept: str | None = None,
    url: str | None = None,
    progress: Progress = silent,
) -> tuple[IndexChange, ...]:
    """Add the releases of records to an index, all of them in one generation.

    A release that is listed already stays as it is, but for files that it lacks: those of a partial one, and what was
    removed or changed in the index.

    Args:
        folder: The index. It is made if it does not exist.
        added: The upload time of the files, such as `2026-11-30T01:02:03.000000Z`.
        only: The globs of `--only`, if a part of a release is meant.
        kept: Why `index prune` must not remove it. By default it may.
        url: The address that the index is served at, empty if it is not known. By default, it stays the same.

        progress: Is called with each file, and its number from 1, before it is copied.

    Raises:
        InvalidRecordError: For every record that is not as it was sealed.
        InvalidIndexError: If the folder is not an index.
        RefusedChangeError: If the index has another record of the same version, or one folder is in the other.
    """
    check_places(folder, paths)
    records = read_records(paths, tuple(only))
    with open_writer(folder, is_new=True, url=url) as writer:
        check_conflicts(writer.sets, records)
        changes = []
        sets = list(writer.sets)
        for record in records:
            before = _same_record(sets, record)
            listed = _store(writer, record, before, added, progress)
            listed = replace(listed, kept=kept) if kept is not None else listed
            sets = [listed if other is before else other for other in sets] if before else [*sets, listed]
            changes.append(IndexChange(listed, listed != before))
        writer.publish(sets)
        return tuple(changes)


def check_places(folder: Path, paths: Sequence[Path]) -> None:
    """Refuse records in the folder of the index, which a change of it could remove, and an index in a record.

    Raises:
        RefusedChangeError: For all of them.
    """
    problems = Problems()
    index = folder.resolve()
    for path in paths:
        record = path.resolve()
        if index in (record, *record.parents):
            problems.add(str(path), f"is in the folder of the index, {folder}", "Give the index a folder of its own.")
        elif record in index.parents:
            problems.add(str(path), f"has the index in it, {folder}", "Give a folder that is not in the record.")
    problems.raise_if_any(RefusedChangeError)


def read_records(paths: Sequence[Path], only: tuple[str, ...]) -> list[AddedRecord]:
    """Read records that are as they were sealed.

    Raises:
        InvalidRecordError: For all that are not, and all problems of each.
        RefusedChangeError: If a file has the name of another project or version.
        SelectionError: If a glob selects no file.
    """
    problems = Problems()
    records = []
    for path in paths:
        if (path / CURRENT).is_symlink():
            problems.add(str(path), "is a release index and not a record", "Give the index as the last argument.")
            continue
        with problems.collecting():
            record = verify_record(path)
            _check_names(path, record, problems)
            selected([file.name for file in record.files], only, f"{path}: --only")
            records.append(AddedRecord(folder=path, record=record, manifest_sha256=manifest_sha256(path), only=only))
    problems.raise_if_any(RefusedChangeError)
    return records


def refusals(folder: Path, path: Path) -> list[Problem]:
    """Return why an index does not take a record, as far as its manifest shows it."""
    problems = Problems()
    with problems.collecting():
        check_places(folder, [path])
    with problems.collecting():
        record = read_record(path)
        _check_names(path, record, problems)
        added = AddedRecord(folder=path, record=record, manifest_sha256=manifest_sha256(path))
        check_conflicts(tuple(ReleaseIndex(folder).sets()), [added])
    return list(problems.as_error(SpokeshaveError).problems)


def _check_names(path: Path, record: ReleaseRecord, problems: Problems) -> None:
    for file in record.files:
        if not _is_named_for(file, record):
            message = f"is not the name of a file of {file.project} {record.version}"
            problems.add(f"{path}: {file.name}", message, "Seal the release again.")


def check_conflicts(sets: Sequence[IndexedSet], records: Sequence[AddedRecord]) -> None:
    """Refuse releases with projects and versions that other releases of the index have.

    Raises:
        RefusedChangeError: For all of them.
    """
    problems = Problems()
    for number, new in enumerate(records):
        release = f"{new.record.name} {new.record.version}"
        listed = next((one for one in sets if _is_conflict(one, new)), None)
        if listed is not None:
            other = f"{listed.name} {listed.version} (sha256 {listed.manifest_sha256[:_HASH_SHOWN]})"
            problems.add(str(new.folder), f"is {release}, but the index has another record, {other}", _NEW_VERSION)
            continue
        for earlier in records[:number]:
            if earlier.manifest_sha256 == new.manifest_sha256:
                problems.add(str(new.folder), "is given twice", "Give each record once.")
            elif _is_conflict(_indexed(earlier, added="", attested=0), new):
                message = f"is {release}, which {earlier.folder} has too, with another record"
                problems.add(str(new.folder), message, "Give one of them.")
    problems.raise_if_any(RefusedChangeError)


def _is_conflict(listed: IndexedSet, new: AddedRecord) -> bool:
    """Return whether a set cannot be in the same index as another record, as a path or a file would be the same."""
    record = new.record
    if listed.manifest_sha256 == new.manifest_sha256:
        return False
    is_name = listed.name.lower() == record.name.lower()
    # Some file systems take `Abacus` and `abacus` for the same folder.
    if is_name and listed.name != record.name:
        return True
    return (is_name and Version(listed.version) == Version(record.version)) or is_same_release(listed, record)


def _is_named_for(file: ReleaseFile, record: ReleaseRecord) -> bool:
    try:
        parsed = parse_wheel_file_name(file.name)[:2] if file.is_wheel else parse_sdist_file_name(file.name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return False
    return parsed == (file.project, Version(record.version))


def _same_record(sets: Sequence[IndexedSet], new: AddedRecord) -> IndexedSet | None:
    return next((listed for listed in sets if listed.manifest_sha256 == new.manifest_sha256), None)


def _store(
    writer: IndexWriter, new: AddedRecord, before: IndexedSet | None, added: str, progress: Progress
) -> IndexedSet:
    """Put the files of a record into the index, and return what the index is to list."""
    if before is not None:
        new = replace(new, only=_joined(new.record, before.only, new.only))
    files = listed_files(new.record, new.only)
    writer.make_way(new.record, new.manifest_sha256)
    attested = store_record(writer.index, new.folder, new.record, files, progress)
    listed = _indexed(new, added=added, attested=attested)
    if before is None:
        return listed
    return replace(listed, added=before.added, yanked=before.yanked, kept=before.kept)


def _joined(record: ReleaseRecord, first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Return the globs of a release of which two parts are in the index. None if that is all of it."""
    globs = tuple(sorted({*first, *second})) if first and second else ()
    return globs if len(listed_files(record, globs)) < len(record.files) else ()


def _indexed(new: AddedRecord, *, added: str, attested: int) -> IndexedSet:
    record = new.record
    files = listed_files(record, new.only)
    return IndexedSet(
        name=record.name,
        version=record.version,
        channel=record.channel,
        commit=record.commit,
        manifest_sha256=new.manifest_sha256,
        added=added,
        projects=tuple(sorted({file.project for file in files})),
        files=len(files),
        size=sum(file.size for file in files),
        promoted_from=record.promoted_from.manifest_sha256 if record.promoted_from else None,
        only=new.only if len(files) < len(record.files) else (),
        attested=attested,
    )
