"""The files that an index should have, and the comparison of each with what is there."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.files import iter_chunks
from spokeshave.release.attestations import find_attestations, read_attestations
from spokeshave.release.index.folder import METADATA, PROVENANCE, ReleaseIndex
from spokeshave.release.index.writer.provenance import render_provenance
from spokeshave.release.record import ATTESTATIONS
from spokeshave.release.verification.findings import ADD_AGAIN, Findings
from spokeshave.release.verification.sets import VerifiedSet
from spokeshave.sizes import human_size
from spokeshave.wheel.archive import ArchiveReader
from spokeshave.wheel.writer import find_dist_info
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.release.verification import IndexFault

_SECONDS_BETWEEN_LINES = 5
_MOST_THREADS = 8


@dataclass(frozen=True)
class StoredFile:
    """A file that an index should have.

    Attributes:
        size: None where only its bytes are known.
        sha256: None where it follows from another file.
        derive: Returns its bytes, from other files of the index.
        owner: What lists it.
    """

    path: Path
    owner: str
    size: int | None = None
    sha256: str | None = None
    derive: Callable[[], bytes] | None = None

    @property
    def is_slow(self) -> bool:
        """Return whether it takes time to compare its bytes: a wheel or an sdist is hashed."""
        return self.size is not None or isinstance(self.derive, _ProvenanceOf)


def expected_files(index: ReleaseIndex, sets: Iterable[VerifiedSet], findings: Findings) -> dict[Path, StoredFile]:
    """Return the files that sets list, and what clients read next to them. Clashes of names are findings."""
    files: dict[Path, StoredFile] = {}
    names: dict[str, StoredFile] = {}
    for each in sets:
        for file in _files_of(index, each):
            files[file.path] = file
            if file.sha256 is None or file.size is None:
                continue
            other = names.setdefault(file.path.name, file)
            if other.sha256 != file.sha256:
                message = f"is in {other.owner} and, with other bytes, in {file.owner}"
                remedy = "Add all releases but one of these to a new index: installers cannot tell the files apart."
                findings.add(IndexFault.CLASH, file.path, message, remedy)
    return files


def _files_of(index: ReleaseIndex, each: VerifiedSet) -> Iterator[StoredFile]:
    owner = f"{each.listed.name} {each.listed.version}"
    attestations = index.record_path(each.listed.name, each.listed.version) / ATTESTATIONS
    for file in each.files:
        path = index.file_path(file.sha256, file.name)
        yield StoredFile(path, owner, size=file.size, sha256=file.sha256)
        if file.is_wheel:
            metadata = path.with_name(f"{file.name}{METADATA}")
            derive = None if file.metadata_sha256 else _MetadataOf(path)
            yield StoredFile(metadata, owner, sha256=file.metadata_sha256, derive=derive)
        found = find_attestations(path, attestations)
        if found:
            provenance = path.with_name(f"{file.name}{PROVENANCE}")
            yield StoredFile(provenance, owner, derive=_ProvenanceOf(path, found))


@dataclass(frozen=True)
class _MetadataOf:
    """METADATA of a wheel."""

    wheel: Path

    def __call__(self) -> bytes:
        with ArchiveReader(self.wheel) as reader:
            return reader.read(f"{find_dist_info(reader.members, self.wheel.name)}/METADATA")


@dataclass(frozen=True)
class _ProvenanceOf:
    """The provenance of a file that has attestations."""

    file: Path
    attestations: tuple[Path, ...]

    def __call__(self) -> bytes:
        return render_provenance([found.text for found in read_attestations(self.file, self.attestations)])


def compare_files(files: Mapping[Path, StoredFile], findings: Findings, *, is_quick: bool) -> None:
    """Compare all files with what they should be, several at a time. What is damaged or missing is a finding.

    Args:
        is_quick: Of wheels and sdists, only sizes are compared, and provenances are only looked for.
    """
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    progress = _Progress(len(files))
    with ThreadPoolExecutor(threads) as pool:
        for fault in pool.map(lambda file: _fault(file, progress, is_quick=is_quick), files.values()):
            if fault is not None:
                findings.add(*fault, ADD_AGAIN)


def _fault(file: StoredFile, progress: _Progress, *, is_quick: bool) -> tuple[IndexFault, Path, str] | None:
    """Return what is wrong with a file."""
    try:
        found = file.path.lstat()
        if not stat.S_ISREG(found.st_mode):
            return IndexFault.CHANGED, file.path, f"of {file.owner} is a link or a folder, and not a file"
        if file.size is not None and found.st_size != file.size:
            return IndexFault.CHANGED, file.path, f"of {file.owner} has {found.st_size} bytes, and not {file.size}"
        if is_quick and file.is_slow:
            return None
        sha256 = _hash(file.path, progress)
        progress.done()
        expected = file.sha256 or hashlib.sha256(file.derive() if file.derive else b"").hexdigest()
    except FileNotFoundError:
        return IndexFault.MISSING, file.path, f"of {file.owner} does not exist"
    except OSError as err:
        return IndexFault.UNREADABLE, file.path, f"of {file.owner} cannot be read ({err.strerror})"
    except InvalidWheelError:
        # The wheel is damaged, which is a finding of its own.
        return None
    except SpokeshaveError as err:
        return IndexFault.RECORD, file.path, f"cannot be derived: {err.problems[0].message}"
    if sha256 != expected:
        return IndexFault.CHANGED, file.path, f"of {file.owner} has the sha256 {sha256}, and not {expected}"
    return None


def _hash(path: Path, progress: _Progress) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for chunk in iter_chunks(stream):
            digest.update(chunk)
            progress.read(len(chunk))
    return digest.hexdigest()


class _Progress:
    """Lines on stderr about long work. Threads share it: a lost count does not matter."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._files = 0
        self._bytes = 0
        self._printed_at = time.monotonic()

    def read(self, size: int) -> None:
        """Count bytes."""
        self._bytes += size
        now = time.monotonic()
        if now - self._printed_at >= _SECONDS_BETWEEN_LINES:
            self._printed_at = now
            sys.stderr.write(f"verified {self._files} of {self._total} files, {human_size(self._bytes)}\n")
            sys.stderr.flush()

    def done(self) -> None:
        """Count a file."""
        self._files += 1
