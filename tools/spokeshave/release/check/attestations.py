"""The rules for a record's attestations (PEP 740): for all of its files or for none, each for the file's own bytes.

Their signatures are verified where they are made and by the index; the subject is what a promotion or a rebuild
changes, and needs no key.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from spokeshave.errors import some
from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.record import attestation_path
from spokeshave_core.problems import Problem

_AGAIN = "Attest the files of this record, or remove all of its attestations."


def check_attestations(record: Path, files: Sequence[CheckedFile]) -> Iterator[Problem]:
    """Check the attestations of a record."""
    paths = {file.name: attestation_path(record, file.name) for file in files}
    lacking = sorted(name for name, path in paths.items() if path is None)
    if lacking and len(lacking) < len(paths):
        message = f"has attestations of {len(paths) - len(lacking)} files, but not of {some(lacking)}"
        yield Problem(str(record), message, _AGAIN)
    for file in files:
        path = paths[file.name]
        fault = _fault(path, file) if path else None
        if fault:
            yield Problem(path.name if path else file.name, fault, _AGAIN)


def _fault(path: Path, file: CheckedFile) -> str | None:
    """Return why an attestation is not one of a file."""
    try:
        envelope = json.loads(path.read_bytes())["envelope"]
        (subject,) = json.loads(base64.b64decode(envelope["statement"], validate=True))["subject"]
        name = subject["name"]
        sha256 = subject["digest"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return "is not an attestation of PEP 740"
    if name != file.name:
        return f"is the attestation of {name!a}"
    return None if sha256 == file.sha256 else "is the attestation of other bytes than the file has"
