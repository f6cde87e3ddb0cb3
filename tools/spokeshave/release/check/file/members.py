"""The rules for a wheel's archive and its members."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from spokeshave.release.check.file.framing import framing_faults
from spokeshave.wheel.archive import (
    ENCRYPTED_FLAG,
    Compression,
    is_folder,
    largest_metadata,
    member_problem,
    path_problem,
)
from spokeshave.wheel.location import DATA_FOLDER
from spokeshave.wheel.name import belongs_to
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import DIST_INFO, WheelName

# Warehouse's limits for archives that are small and become huge.
LARGEST_RATIO = 50
LARGE = 64 << 20

_REFRAME = (
    "Build the wheel again with a tool that writes plain ZIP archives. PyPI's documentation of archives has the rules."
)


def readable_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of an archive that can be read, by name. Of two with one name, it is the first."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        supported = info.compress_type in tuple(Compression) and not info.flag_bits & ENCRYPTED_FLAG
        if supported and not is_folder(info):
            found.setdefault(info.filename, info)
    return found


def check_archive(path: Path, size: int, stream: IO[bytes], archive: zipfile.ZipFile) -> Iterator[Problem]:
    """Check the archive: its framing, its members' paths and compression, and how much larger it becomes."""
    for fault in framing_faults(stream, archive):
        yield Problem(path.name, f"is a ZIP archive that PyPI refuses: {fault}", _REFRAME)
    seen: set[str] = set()
    for info in archive.infolist():
        problem = path_problem(info) if is_folder(info) else member_problem(info, seen)
        seen.add(info.filename)
        limit = largest_metadata(info.filename)
        if not problem and limit and info.file_size > limit:
            message = f"has {info.file_size} bytes, and a file of metadata has {limit} at most"
            problem = message, "Move what is large to a file of the package."
        if problem:
            yield Problem(f"{path.name}: {ascii(info.filename)[1:-1]}", *problem)
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > LARGE and unpacked > LARGEST_RATIO * size:
        message = f"unpacks to {unpacked >> 20} MiB, which is more than {LARGEST_RATIO} times its size"
        yield Problem(path.name, message, "PyPI takes it for a decompression bomb. Remove the large repetitive files.")


def check_dist_info(name: WheelName, archive: zipfile.ZipFile) -> Iterator[Problem]:
    """Check that the wheel has one dist-info folder, with the name and version of the file's name."""
    names = frozenset(archive.namelist())
    found = sorted({member.split("/")[0] for member in names if member.split("/")[0].endswith(DIST_INFO)})
    others = [folder for folder in found if folder != name.dist_info]
    if name.dist_info not in found:
        what = f"has {', '.join(others)} in place of {name.dist_info}" if others else f"has no folder {name.dist_info}"
        yield Problem(str(name), what, "Build or stamp the wheel again; never rename a wheel.")
    elif others:
        message = f"has {len(found)} dist-info folders ({', '.join(found)})"
        yield Problem(str(name), message, "A wheel has exactly one. Build it again in an empty build directory.")
    for folder in sorted({member.split("/")[0] for member in names if "/" in member}):
        stem, dot, version = folder[: -len(DATA_FOLDER)].rpartition("-")
        if folder.endswith(DATA_FOLDER) and dot and not belongs_to(name, stem, version):
            message = f"is the data folder of {stem} {version}, but the file name says {name.name} {name.version}"
            yield Problem(f"{name}: {folder}", message, "Build or stamp the wheel again; never rename a wheel.")
    for file in ("METADATA", "WHEEL", "RECORD"):
        if name.dist_info in found and f"{name.dist_info}/{file}" not in names:
            yield Problem(f"{name}: {name.dist_info}/{file}", "is missing", "Build the wheel again.")
