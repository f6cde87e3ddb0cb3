"""The release record: a folder with everything that is known of one set of files of one version.

A set is made once (sealed), never changed, and known by the sha256 of its `release.json`. That file is canonical: the
same set gives the same bytes, on any machine and any day.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.reports.release import ReleaseRecord
from spokeshave_core.reports.report import InvalidReportError

MANIFEST = "release.json"
FILES = "files"
REPORTS = "reports"
ATTESTATIONS = "attestations"
SUMS = "SHA256SUMS"
CONSTRAINTS = "constraints.txt"
STATE = "state"
"""The folder of journals. It is no part of the record, and may be lost."""


class InvalidRecordError(SpokeshaveError):
    """A folder that is not a release record, or one that was changed after it was sealed."""


def lock_name(release: str) -> str:
    """Return the name of the lock file (PEP 751) of a release."""
    return f"pylock.{release}.toml"


def read_record(folder: Path) -> ReleaseRecord:
    """Read the manifest of a record.

    Raises:
        InvalidRecordError: If the folder has none, or one that cannot be read.
    """
    manifest = folder / MANIFEST
    try:
        return ReleaseRecord.from_json(manifest.read_text("utf-8"))
    except OSError as err:
        remedy = "Name the folder that `spokeshave release seal` or `pants package` of a `release` target wrote."
        raise InvalidRecordError(Problem(str(manifest), f"cannot be read ({err.strerror})", remedy)) from err
    except (InvalidReportError, UnicodeDecodeError) as err:
        raise InvalidRecordError(Problem(str(manifest), f"is not a release record: {err}", "Seal it again.")) from err


def manifest_sha256(folder: Path) -> str:
    """Return the sha256 by which a sealed record is known."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def file_path(folder: Path, name: str) -> Path:
    """Return the place of a file of the set."""
    return folder / FILES / name


def attestation_path(folder: Path, name: str) -> Path | None:
    """Return the publish attestation of a file, or None if the record has none."""
    path = folder / ATTESTATIONS / f"{name}.publish.attestation"
    return path if path.is_file() else None
