"""The files that are checked together: those of a record, of folders, or single ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.release.attestations import verify_attestations
from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file.reader import read_files
from spokeshave.release.integrity import changed_files
from spokeshave.release.record import ATTESTATIONS, MANIFEST, InvalidRecordError, file_path, read_record
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.wheel_name import SDIST_SUFFIX, WHEEL_SUFFIX

_SUFFIXES = (WHEEL_SUFFIX, SDIST_SUFFIX)


@dataclass(frozen=True)
class ReleaseFiles:
    """Files that are released together.

    Attributes:
        record: The folder of the record; None for files without one.
        version: The common version that a record states; None for files without a record.
        channel: The release channel that a record states, if it states one.
        kept: The globs of files that may name pre-releases of the version, as a promotion recorded them.
        problems: What is wrong with the record, or with the given paths.
    """

    files: tuple[CheckedFile, ...]
    record: Path | None = None
    version: str | None = None
    channel: str | None = None
    kept: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_paths(paths: Sequence[Path]) -> ReleaseFiles:
    """Read a record, or the wheels and sdists of folders and single files.

    Raises:
        InvalidRecordError: If a record is given along with anything else.
    """
    records = [path for path in paths if (path / MANIFEST).is_file()]
    if records and len(paths) > 1:
        problem = Problem(str(records[0]), "is a record, which is checked alone", "Run the command once for each.")
        raise InvalidRecordError(problem)
    return read_release(records[0]) if records else _read_files(paths)


def read_release(record: Path) -> ReleaseFiles:
    """Read a record, whose files are compared with what was sealed.

    Raises:
        InvalidRecordError: If its manifest cannot be read.
    """
    manifest = read_record(record)
    changed = changed_files(record)
    intact = not changed
    sums = {file.name: file.sha256 for file in manifest.files} if intact else {}
    paths = [file_path(record, file.name) for file in manifest.files]
    files = read_files([path for path in paths if path.is_file()], sums)
    problems = [
        *changed.as_error(SpokeshaveError).problems,
        *verify_attestations([file.path for file in files], record / ATTESTATIONS),
    ]
    return ReleaseFiles(
        files=files,
        record=record,
        version=manifest.version,
        channel=manifest.channel,
        kept=manifest.promoted_from.kept if manifest.promoted_from else (),
        problems=tuple(problems),
    )


def _read_files(paths: Sequence[Path]) -> ReleaseFiles:
    problems = Problems()
    found = [file for path in paths for file in _files_of(path, problems)]
    files = read_files(found)
    attested = verify_attestations([file.path for file in files if file.sha256])
    return ReleaseFiles(files, problems=(*problems.as_error(SpokeshaveError).problems, *attested))


def _files_of(path: Path, problems: Problems) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    found = sorted(file for file in path.iterdir() if file.name.endswith(_SUFFIXES))
    if not found:
        problems.add(str(path), "has no wheels or sdists", f"Give a record, a folder of {' or '.join(_SUFFIXES)}.")
    yield from found
