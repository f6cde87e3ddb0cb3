"""An earlier record of the same version in `dist/`, which `package` would overwrite."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

MANIFEST = "release.json"
_STATE = "state"
# What may be next to the sealed files: attestations are added later.
_OWN_FOLDERS = ("files", "reports")


def overwritten(folder: Path, manifest: bytes, files: Iterable[str]) -> str:
    """Return why a new record must not be written over an earlier one. Empty if it may be.

    Args:
        folder: The record on disk, which may not exist.
        manifest: The `release.json` of the new record.
        files: All files of the new record, relative to its folder.
    """
    earlier = folder / MANIFEST
    if not earlier.is_file() or earlier.read_bytes() == manifest:
        return ""
    if (folder / _STATE).is_dir():
        return (
            f"{folder} is a record of this version with other files, and was published or is being published. Give the "
            "release another version (a second candidate or nightly of one day has `--release-version-post=1`). If it "
            "was sent nowhere, remove the folder."
        )
    known = set(files)
    on_disk = (path for name in _OWN_FOLDERS for path in (folder / name).glob("*"))
    left = sorted(path.name for path in on_disk if path.relative_to(folder).as_posix() not in known)
    if left:
        return f"{folder} is a record of this version with other files ({', '.join(left)}). Remove the folder."
    return ""
