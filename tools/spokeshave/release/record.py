"""The release record: a folder with everything that is known of one set of files of one version.

A set is made once (sealed), never changed, and known by the sha256 of its `release.json`. That file is canonical: the
same set gives the same bytes, on any machine and any day.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import is_normalized_name
from packaging.version import Version

from spokeshave.wheel.name import is_version
from spokeshave_core.problems import Problem, Problems, SpokeshaveError
from spokeshave_core.release.record import FORMAT, ReleaseRecord
from spokeshave_core.reports.report import InvalidReportError

MANIFEST = "release.json"
FILES = "files"
REPORTS = "reports"
ATTESTATIONS = "attestations"
SUMS = "SHA256SUMS"
CONSTRAINTS = "constraints.txt"
STATE = "state"
"""The folder of journals. It does not belong to the record, and may be lost."""


ATTESTATION = ".publish.attestation"
"""What the name of a file's attestation ends with, after the name of the file."""
RELEASE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")
"""A release's name. It is a part of the lock file's name, in which PEP 751 allows no dot."""

_FILE_NAME = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]*")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class InvalidRecordError(SpokeshaveError):
    """A folder that is not a release record, or one that was changed after it was sealed."""


def name_remedy(name: str) -> str:
    """Return what to do about a text that is not the name of a release."""
    near = _NOT_IN_NAMES.sub("-", name).strip("_-")
    such = f", such as --name {near}" if near else ""
    return f"Use letters, digits, dashes and underscores{such}: it is a part of the lock file's name."


def lock_name(release: str) -> str:
    """Return the name of the lock file (PEP 751) of a release."""
    return f"pylock.{release}.toml"


def read_record(folder: Path) -> ReleaseRecord:
    """Read the manifest of a record. Its names are those of files in the record's own folders.

    Raises:
        InvalidRecordError: If the folder has none, or one that cannot be read.
    """
    manifest = folder / MANIFEST
    try:
        record = ReleaseRecord.from_json(manifest.read_text("utf-8"))
    except OSError as err:
        remedy = "Name the folder that `spokeshave release seal` or `pants package` of a `release` target wrote."
        raise InvalidRecordError(Problem(str(manifest), f"cannot be read ({err.strerror})", remedy)) from err
    except (InvalidReportError, UnicodeDecodeError) as err:
        raise InvalidRecordError(Problem(str(manifest), f"is not a release record: {err}", "Seal it again.")) from err
    check_values(record, str(manifest))
    return record


def check_values(record: ReleaseRecord, place: str) -> None:
    """Check that the values of a manifest are names of files in the record's own folders, and hashes.

    Raises:
        InvalidRecordError: For all that are not.
    """
    if record.format != FORMAT:
        message = f"has the format {record.format}, but this version of Spokeshave reads {FORMAT}"
        raise InvalidRecordError(Problem(place, message, "Use the version of Spokeshave that sealed it."))
    problems = Problems()
    remedy = "Seal it again."
    if not RELEASE_NAME.fullmatch(record.name):
        problems.add(place, f"has the name {record.name!r}, which is not the name of a release", remedy)
    for name in record.projects:
        if not is_normalized_name(name):
            problems.add(place, f"has the project {name!r}, which is not the normalized name of one", remedy)
    for fault in _version_faults(record):
        problems.add(place, fault, remedy)
    counts = Counter(file.name for file in record.files)
    for file in record.files:
        if not is_file_name(file.name) or counts[file.name] > 1:
            problems.add(place, f"lists {file.name!r}, which is not a file name or is listed twice", remedy)
        if not _SHA256.fullmatch(file.sha256):
            problems.add(place, f"lists {file.sha256!r} as the sha256 of {file.name}", remedy)
        if file.project not in record.projects:
            problems.add(place, f"lists {file.name} of {file.project}, which is not one of its projects", remedy)
    problems.raise_if_any(InvalidRecordError)


def _version_faults(record: ReleaseRecord) -> Iterator[str]:
    """Yield what is wrong with the versions of a manifest: one is invalid, or that of a project differs."""
    source = record.promoted_from
    stated = [("version", record.version), *([("version of its source", source.version)] if source else [])]
    stated += [(f"version of {name}", project.version) for name, project in record.projects.items()]
    invalid = [
        f"has the {what} {version!r}, which is not a version" for what, version in stated if not is_version(version)
    ]
    yield from invalid
    for name, project in record.projects.items():
        if not invalid and Version(project.version) != Version(record.version):
            yield f"has the version {project.version} of {name}, and {record.version} of the release"


def is_file_name(name: str) -> bool:
    """Return whether a text is the name of a file in a folder of a record, and not a path that leads out of it."""
    return _FILE_NAME.fullmatch(name) is not None


def manifest_sha256(folder: Path) -> str:
    """Return the sha256 by which a sealed record is known."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def file_path(folder: Path, name: str) -> Path:
    """Return the path of a file of the set."""
    return folder / FILES / name


def attestation_path(folder: Path, name: str) -> Path | None:
    """Return the publish attestation of a file, or None if the record has none."""
    path = folder / ATTESTATIONS / f"{name}{ATTESTATION}"
    return path if path.is_file() else None
