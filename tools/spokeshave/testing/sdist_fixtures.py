"""Sdists for tests, of any files."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def write_sdist(path: Path, files: Mapping[str, str]) -> Path:
    """Write texts by their paths in the archive as a `.tar.gz` with the same bytes each time. Return its path."""
    with gzip.GzipFile(path, "w", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
