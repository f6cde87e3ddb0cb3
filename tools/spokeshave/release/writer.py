"""The writer of records: a record appears as a whole, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spokeshave.files import copy_with_sha256
from spokeshave.release.derived import derived_files, render_sums
from spokeshave.release.integrity import changed_files, read_sums
from spokeshave.release.record import (
    ATTESTATIONS,
    FILES,
    MANIFEST,
    REPORTS,
    STATE,
    SUMS,
    InvalidRecordError,
    check_values,
    is_file_name,
)
from spokeshave_core.files.drafts import draft_folder, open_named
from spokeshave_core.problems import Problem
from spokeshave_core.release.record import ReleaseRecord
from spokeshave_core.reports.report import Report
from spokeshave_core.reports.smoke import SmokeTestReport

_OTHER = (
    "A sealed record is never changed. Give the release another version (a second candidate or nightly of one day has "
    ".post1), or remove the record if it was not published."
)
# The paths that an error names.
_SHOWN = 3


@dataclass
class RecordDraft:
    """A record that is being written, in a folder next to its later one.

    Attributes:
        folder: It has the folders of a record. A file may be written to them directly, and is then added with
            `list_file`.
    """

    folder: Path
    _sums: dict[str, str] = field(default_factory=dict)

    def add_file(self, source: Path) -> tuple[str, int]:
        """Copy a file of the set. Return its sha256 and size, of the bytes that were copied."""
        sha256, size = copy_with_sha256(source, self.folder / FILES / source.name)
        self._sums[f"{FILES}/{source.name}"] = sha256
        return sha256, size

    def list_file(self, name: str, sha256: str) -> None:
        """Add a file that was written to `files/` already, with a hash that is known."""
        self._sums[f"{FILES}/{name}"] = sha256

    def add_report(self, report: SmokeTestReport) -> str:
        """Write the report of a wheel, which has to be in its canonical form, and return its sha256.

        Raises:
            InvalidRecordError: If the wheel's name in it is not a file name.
        """
        if not is_file_name(report.wheel):
            problem = Problem(f"report of {report.wheel!r}", "does not name a wheel", "Test the wheel again.")
            raise InvalidRecordError(problem)
        return self._write(f"{REPORTS}/{report.wheel}.json", report)

    def add_attestation(self, source: Path) -> None:
        """Copy the attestation of a file of the set."""
        target = self.folder / ATTESTATIONS / source.name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)

    def finish(self, record: ReleaseRecord) -> None:
        """Write the manifest and everything that follows from it.

        Raises:
            InvalidRecordError: If the record could not be read again.
        """
        check_values(record, MANIFEST)
        self._write(MANIFEST, record)
        for name, data in derived_files(record).items():
            self._write(name, data)
        _write_new(self.folder / SUMS, render_sums(self._sums))

    def _write(self, path: str, content: bytes | Report) -> str:
        # A report may have lone surrogates, of which this makes JSON's own escapes.
        data = content if isinstance(content, bytes) else content.to_json().encode("utf-8", "backslashreplace")
        target = self.folder / path
        target.parent.mkdir(exist_ok=True)
        _write_new(target, data)
        self._sums[path] = hashlib.sha256(data).hexdigest()
        return self._sums[path]


def _write_new(path: Path, data: bytes) -> None:
    with open_named(path, "w+", path) as stream:
        stream.write(data)


@contextlib.contextmanager
def draft_record(output: Path) -> Iterator[RecordDraft]:
    """Yield a draft that becomes the record `output` when the block ends without an error.

    Until then, and after an error, `output` is unchanged. If it is a record of the same content already, it stays, and
    gets the attestations that it lacks.

    Raises:
        InvalidRecordError: If `output` is a record with other content, or a folder with anything else in it.
    """
    with _new_folder(output) as folder:
        (folder / FILES).mkdir()
        yield RecordDraft(folder)


def copy_record(record: Path, output: Path) -> None:
    """Copy a record without its journals. `output` is unchanged until the copy is complete.

    Raises:
        InvalidRecordError: If `output` is a record with other content, or a folder with anything else in it.
    """

    def journals(folder: str, _: list[str]) -> list[str]:
        return [STATE] if Path(folder) == record else []

    with _new_folder(output) as copy:
        shutil.copytree(record, copy, ignore=journals, dirs_exist_ok=True)


@contextlib.contextmanager
def _new_folder(output: Path) -> Iterator[Path]:
    """Yield an empty folder next to `output`, which becomes it when the block ends without an error."""
    place = place_of(output)
    place.parent.mkdir(parents=True, exist_ok=True)
    with draft_folder(place) as folder:
        yield folder
        put_record(folder, place)


def place_of(output: Path) -> Path:
    """Return the folder that a user means by `output`: where a link leads, and what `.` is.

    Raises:
        InvalidRecordError: If it is the current folder and empty. In one step it could only be replaced by another
            folder, and the user's shell would stay in the old one.
    """
    # On Windows, `resolve` of Python 3.9 leaves a path relative that does not exist.
    place = Path(os.path.realpath(output))
    if place == Path.cwd() and not any(place.iterdir()):
        remedy = "Name a folder in it that does not exist yet."
        raise InvalidRecordError(Problem(str(output), "is the current folder, which a record cannot replace", remedy))
    return place


def put_record(folder: Path, output: Path) -> None:
    """Make a folder next to `output` the record `output`, in one step. A record of the same content stays there.

    Args:
        output: As `place_of` returns it.

    Raises:
        InvalidRecordError: If `output` is a record with other content, or a folder with anything else in it.
    """
    folder.chmod(0o755)
    if output.is_dir() and any(output.iterdir()):
        _check_same(folder, output)
        _add_attestations(folder, output)
        return
    if output.is_dir():
        output.rmdir()
    folder.rename(output)


def _check_same(folder: Path, output: Path) -> None:
    if not (output / MANIFEST).is_file():
        raise InvalidRecordError(Problem(str(output), "is not empty, and is not a release record", _OTHER))
    changed_files(output).raise_if_any(InvalidRecordError)
    sealed = read_sums(output)
    new = read_sums(folder)
    different = sorted(path for path in {*sealed, *new} if sealed.get(path) != new.get(path))
    if different:
        paths = [path for path in different if path != MANIFEST] or different
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        message = f"is a record with other content ({', '.join(paths[:_SHOWN])}{more})"
        raise InvalidRecordError(Problem(str(output), message, _OTHER))


def _add_attestations(folder: Path, output: Path) -> None:
    if not (folder / ATTESTATIONS).is_dir():
        return
    (output / ATTESTATIONS).mkdir(exist_ok=True)
    for source in sorted((folder / ATTESTATIONS).iterdir()):
        target = output / ATTESTATIONS / source.name
        if not target.exists():
            source.replace(target)
