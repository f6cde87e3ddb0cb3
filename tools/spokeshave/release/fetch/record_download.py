"""The record of a set, from a release index: all of it, verified, in one step.

It is gathered in a folder next to its later one, whose name has the sha256 of its manifest. A run after a kill finds
there what is fetched already.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spokeshave.files import write_bytes
from spokeshave.release.fetch.download import Downloader, Fetched
from spokeshave.release.fetch.failures import REPORT_IT, AbsentError, FetchError, PassingError, damaged
from spokeshave.release.fetch.release_index import read_sets_of
from spokeshave.release.fetch.source import Source
from spokeshave.release.fetch.wanted_file import Download
from spokeshave.release.index.folder import FILES as INDEX_FILES
from spokeshave.release.index.folder import RELEASES
from spokeshave.release.integrity import read_sums, sealed_sums, verify_record
from spokeshave.release.record import (
    ATTESTATION,
    ATTESTATIONS,
    FILES,
    MANIFEST,
    REPORTS,
    SUMS,
    InvalidRecordError,
    is_file_name,
    manifest_sha256,
    read_record,
)
from spokeshave.release.writer import place_of, put_record
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.fetch import FetchedFile, FetchOutcome
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseRecord

_DIGITS = 16


class RemovedError(FetchError):
    """A set that the index does not have any more."""


@dataclass(frozen=True)
class RecordDownload:
    """The download of a set's record into the folder `output`."""

    downloader: Downloader
    listed: IndexedSet
    output: Path

    @property
    def source(self) -> Source:
        """Return where it comes from."""
        return self.downloader.source

    def present(self) -> tuple[FetchedFile, ...] | None:
        """Return the files of the output if it is this record already. None if it does not exist.

        Raises:
            InvalidRecordError: If it is something else, or was changed.
        """
        if not self.output.exists() or (self.output.is_dir() and not any(self.output.iterdir())):
            return None
        remedy = "Choose another --output, or move it away."
        if not (self.output / MANIFEST).is_file():
            raise InvalidRecordError(Problem(str(self.output), "exists, and is not a release record", remedy))
        found = manifest_sha256(self.output)
        if found != self.listed.manifest_sha256:
            record = read_record(self.output)
            message = (
                f"is the record of {record.name} {record.version} with the manifest {found}, but {self.source.label} "
                f"has {self.listed.name} {self.listed.version} with {self.listed.manifest_sha256}"
            )
            raise InvalidRecordError(Problem(str(self.output), message, remedy))
        verify_record(self.output)
        return tuple(
            FetchedFile(name=path, sha256=sha256, size=None, outcome=FetchOutcome.ALREADY_THERE)
            for path, sha256 in sorted(read_sums(self.output).items())
        )

    def fetch(self) -> list[Fetched]:
        """Fetch the record. Unless a file failed, the output is then complete and verified.

        Raises:
            FetchError: If the index does not have it any more, or contradicts itself.
            InvalidRecordError: If what it has is not a record.
        """
        place = place_of(self.output)
        staging = self._staging(place)
        try:
            return self._fetch(staging, place)
        except RemovedError:
            shutil.rmtree(staging, ignore_errors=True)
            raise

    def _fetch(self, staging: Path, place: Path) -> list[Fetched]:
        manifest = self._manifest()
        write_bytes(staging / MANIFEST, manifest)
        record = self._record_of(staging)
        write_bytes(staging / SUMS, self._needed(SUMS))
        sums = self._checked_sums(record, staging)
        results = self.downloader.run(list(self._downloads(record, sums, staging)))
        if any(result.problem for result in results):
            self._explain_absence(results)
            return results
        attestations = self._attestations(record)
        for name, data in attestations.items():
            write_bytes(staging / name, data)
        _remove_others(staging, {*sums, SUMS, *attestations})
        verify_record(staging)
        put_record(staging, place)
        shutil.rmtree(staging, ignore_errors=True)
        return results

    def _staging(self, place: Path) -> Path:
        staging = place.with_name(f".{place.name[:64]}.{self.listed.manifest_sha256[:_DIGITS]}")
        staging.mkdir(parents=True, exist_ok=True)
        return staging

    def _manifest(self) -> bytes:
        data = self._needed(MANIFEST)
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 == self.listed.manifest_sha256:
            return data
        self._check_listed(MANIFEST)
        label = self.source.label
        message = f"{label} lists it with the sha256 {self.listed.manifest_sha256}, but gives one with {sha256}"
        raise damaged(self._path(MANIFEST), message)

    def _record_of(self, staging: Path) -> ReleaseRecord:
        record = read_record(staging)
        if (record.name, record.version) != (self.listed.name, self.listed.version):
            message = f"is that of {record.name} {record.version}"
            raise damaged(self._path(MANIFEST), message)
        return record

    def _checked_sums(self, record: ReleaseRecord, staging: Path) -> dict[str, str]:
        """Return the sha256 of each file by path, all of which are paths of this record.

        Raises:
            InvalidRecordError: If others are among them, such as one that leads out of the record.
        """
        sums = read_sums(staging)
        sealed = sealed_sums(record, self.listed.manifest_sha256)
        problems = Problems()
        for path, sha256 in sums.items():
            folder, _, name = path.partition("/")
            is_report = folder == REPORTS and is_file_name(name)
            if not is_report and sealed.get(path) != sha256:
                message = f"lists {path!r} with the sha256 {sha256}, which does not follow from {MANIFEST}"
                problems.add(self._path(SUMS), message, f"Nothing was kept. {REPORT_IT}")
        problems.raise_if_any(InvalidRecordError)
        return sums

    def _downloads(self, record: ReleaseRecord, sums: Mapping[str, str], staging: Path) -> Iterator[Download]:
        sizes = {f"{FILES}/{file.name}": file.size for file in record.files}
        for path, sha256 in sorted(sums.items()):
            if path == MANIFEST:
                continue
            is_file = path in sizes
            place = f"{INDEX_FILES}/{sha256}/{path[len(FILES) + 1 :]}" if is_file else self._path(path)
            yield Download(
                name=path,
                url=self.source.url(place),
                sha256=sha256,
                size=sizes.get(path),
                target=staging / path,
                is_quiet=not is_file,
            )

    def _attestations(self, record: ReleaseRecord) -> dict[str, bytes]:
        """Return the attestations by path, which are for all files of a record or for none."""
        paths = [f"{ATTESTATIONS}/{file.name}{ATTESTATION}" for file in record.files]
        read = self._needed if self.listed.attested else self._read
        first = read(paths[0]) if paths else None
        if first is None:
            return {}
        return {paths[0]: first, **{path: self._needed(path) for path in paths[1:]}}

    def _path(self, path: str) -> str:
        return f"{RELEASES}/{self.listed.name}/{self.listed.version}/{path}"

    def _read(self, path: str) -> bytes | None:
        return self.downloader.patience.again(lambda: self.source.read(self._path(path)))

    def _needed(self, path: str) -> bytes:
        data = self._read(path)
        if data is None:
            self._check_listed(path)
            message = f"{self.source.label} lists {self.listed.name} {self.listed.version}, but does not have it"
            raise AbsentError(Problem(self._path(path), message, "Run `spokeshave index verify` on the index."))
        return data

    def _check_listed(self, place: str) -> None:
        """Check that the index still lists the set.

        Raises:
            RemovedError: If it was removed, or replaced, since the command began.
        """
        sets = read_sets_of(self.source, self.downloader.patience) or ()
        now = [each for each in sets if (each.name, each.version) == (self.listed.name, self.listed.version)]
        title = f"{self.listed.name} {self.listed.version}"
        if not now:
            message = f"{title} was removed from {self.source.label} while it was fetched"
            remedy = "Nothing was kept. `spokeshave index keep` protects a release. --list shows what there is now."
            raise RemovedError(Problem(place, message, remedy))
        if now[0].manifest_sha256 != self.listed.manifest_sha256:
            message = f"{title} was replaced on {self.source.label} by another of its version while it was fetched"
            raise RemovedError(Problem(place, message, "Run the command again, and find out who replaced it."))

    def _explain_absence(self, results: list[Fetched]) -> None:
        """Raise the error of a set that was removed meanwhile, if that is why files failed."""
        failed = [result.file.name for result in results if result.problem]
        try:
            self._check_listed(failed[0])
        except PassingError:
            return


def _remove_others(folder: Path, paths: set[str]) -> None:
    """Remove what killed runs left in the folder of a record."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            if path.relative_to(folder).as_posix() not in paths:
                path.unlink()
