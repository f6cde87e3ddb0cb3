"""The licenses of C and C++ projects in the wheel of a project's own build backend."""

from __future__ import annotations

import re
import shutil
from email.parser import BytesHeaderParser
from pathlib import Path

from spokeshave.errors import InvalidWheelError
from spokeshave.wheel.tree import WheelTree
from spokeshave_core.problems import Problem

# Before it, `License-File` is not a field of METADATA (PEP 639).
_FIRST_VERSION = (2, 4)


def add_licenses(tree: WheelTree, folder: Path) -> None:
    """Copy license files into a wheel's `licenses` folder, and list them in its METADATA.

    Raises:
        InvalidWheelError: If the wheel has another file of the same name.
    """
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    place = tree.root / tree.dist_info / "licenses"
    for file in files:
        target = place / file
        if target.exists():
            remedy = "Rename the file in the project."
            raise InvalidWheelError(Problem(f"{tree.dist_info}/licenses/{file}", "exists in the wheel", remedy))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / file, target)
    metadata = tree.root / tree.dist_info / "METADATA"
    metadata.write_bytes(with_license_files(metadata.read_bytes(), files))


def with_license_files(metadata: bytes, files: list[str]) -> bytes:
    """Return METADATA with more license files, at the end of its fields."""
    stated = re.match(
        r"(\d{1,9})\.(\d{1,9})\s*$", str(BytesHeaderParser().parsebytes(metadata).get("Metadata-Version"))
    )
    if stated is None or (int(stated[1]), int(stated[2])) < _FIRST_VERSION:
        return metadata
    separator = b"\r\n" if b"\r\n" in metadata else b"\n"
    fields, blank, text = metadata.partition(separator * 2)
    lines = [fields.rstrip(separator), *(f"License-File: {file}".encode() for file in files)]
    return separator.join(lines) + (blank or separator) + text
