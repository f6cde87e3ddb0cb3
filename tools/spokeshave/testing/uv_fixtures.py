"""The pinned uv, as an installer that the tests compare pip with."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path


def uv() -> Path:
    """Return uv's program: from RECORD (pip), or below `.prefix` (a PEX file)."""
    distribution = metadata.distribution("uv")
    listed = [file for file in distribution.files or () if file.name == "uv" and file.parent.name == "bin"]
    candidates = [Path(str(distribution.locate_file(str(file)))) for file in (*listed, ".prefix/bin/uv")]
    return next(candidate.resolve() for candidate in candidates if candidate.is_file())
