"""The files of a set in an index: wheels and sdists with what clients read next to them, and the set's record.

Wheels are read by the standard library, as the sandbox of `release publish` has no package for archives.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.files import CHUNK, atomic_file, copy_with_sha256, sha256_of_file
from spokeshave.release.attestations import find_attestations, read_attestations
from spokeshave.release.index.folder import INCOMING, LOCK, METADATA, PROVENANCE, ReleaseIndex
from spokeshave.release.index.writer.generation import make_folder
from spokeshave.release.index.writer.provenance import render_provenance
from spokeshave.release.integrity import read_sums
from spokeshave.release.record import ATTESTATIONS, FILES, MANIFEST, SUMS, InvalidRecordError, file_path
from spokeshave.wheel.name import parse_wheel_name
from spokeshave_core.problems import Problem
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

Progress = Callable[[int, ReleaseFile], None]
_AGAIN = "Download the record again, or seal it again from the wheels that were tested."


def silent(number: int, file: ReleaseFile) -> None:
    """Show no progress."""


def store_record(
    index: ReleaseIndex,
    source: Path,
    record: ReleaseRecord,
    files: Sequence[ReleaseFile],
    progress: Progress,
) -> int:
    """Put a record and some of its files into an index, and return how many of them have a provenance.

    The manifest comes first, as it names the files: a set that a killed process has left can be removed by it. What is
    there already, and is as it was sealed, stays.

    Args:
        progress: Is called with each file, and its number from 1, before it is copied.

    Raises:
        InvalidRecordError: If a file was changed while it was copied, or has other metadata than the manifest says.
        InvalidAttestationError: If an attestation is not for its file.
        InvalidWheelError: If a wheel has no metadata.
    """
    target = index.record_path(record.name, record.version)
    for name in _record_paths(source):
        store_file(source / name, target / name)
    for number, file in enumerate(files, 1):
        progress(number, file)
        _store_distribution(index, source, file)
    return sum(index.file_path(file.sha256, f"{file.name}{PROVENANCE}").is_file() for file in files)


def _store_distribution(index: ReleaseIndex, source: Path, file: ReleaseFile) -> None:
    """Put a wheel or an sdist into an index, with what clients read next to it."""
    path = index.file_path(file.sha256, file.name)
    store_file(file_path(source, file.name), path, file.sha256, index.folder / INCOMING / file.sha256)
    if file.is_wheel:
        _store(path.with_name(f"{file.name}{METADATA}"), _metadata(path, file))
    attestations = find_attestations(path, source / ATTESTATIONS)
    if attestations:
        found = read_attestations(path, attestations)
        provenance = render_provenance([attestation.text for attestation in found])
        _store(path.with_name(f"{file.name}{PROVENANCE}"), provenance)


def store_incoming(index: ReleaseIndex, source: Path) -> None:
    """Copy a file into an index, to where `store_record` takes it from. The lock need not be held, but exists."""
    sha256, _ = sha256_of_file(source)
    if not index.file_path(sha256, source.name).is_file():
        make_folder(index.folder)
        (index.folder / LOCK).open("ab").close()
        with source.open("rb") as stream, atomic_file(index.folder / INCOMING / sha256) as copy:
            shutil.copyfileobj(stream, copy, CHUNK)


def store_file(source: Path, target: Path, sha256: str | None = None, incoming: Path | None = None) -> None:
    """Copy a file, whole or not at all, if the target is not the same already.

    It is a copy and not a hard link, so that no later change of the record changes what is published.

    Args:
        sha256: What the copy must have. By default, the hash of the source.
        incoming: A copy that may exist already, which is moved.

    Raises:
        InvalidRecordError: If the source has other bytes.
    """
    expected = sha256 or sha256_of_file(source)[0]
    if target.is_file() and sha256_of_file(target)[0] == expected:
        return
    make_folder(target.parent)
    if incoming and incoming.is_file() and sha256_of_file(incoming)[0] == expected:
        incoming.replace(target)
        return
    with _new_file(target) as draft:
        if copy_with_sha256(source, draft)[0] != expected:
            raise InvalidRecordError(Problem(str(source), "was changed while it was copied", _AGAIN))


@contextlib.contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """Yield the path of a file that becomes the target. Its name is always the same, so that a rerun replaces it."""
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _record_paths(source: Path) -> Iterator[str]:
    """Yield the paths of a record's files that an index has of it, the manifest first."""
    yield MANIFEST
    yield SUMS
    yield from (path for path in sorted(read_sums(source)) if path != MANIFEST and not path.startswith(f"{FILES}/"))
    attestations = source / ATTESTATIONS
    if attestations.is_dir():
        yield from (f"{ATTESTATIONS}/{path.name}" for path in sorted(attestations.iterdir()))


def _metadata(path: Path, file: ReleaseFile) -> bytes:
    """Return METADATA of a wheel (PEP 658)."""
    name = parse_wheel_name(file.name)
    try:
        with zipfile.ZipFile(path) as archive:
            data = archive.read(f"{name.dist_info}/METADATA")
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError) as err:
        remedy = "Build the wheel again, and seal a new release."
        raise InvalidWheelError(Problem(file.name, f"has no metadata that can be read: {err}", remedy)) from err
    if file.metadata_sha256 not in (None, hashlib.sha256(data).hexdigest()):
        message = f"has other metadata than {MANIFEST} says: it should have the sha256 {file.metadata_sha256}"
        raise InvalidRecordError(Problem(file.name, message, "Seal the release again."))
    return data


def _store(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        with _new_file(path) as draft:
            draft.write_bytes(data)
