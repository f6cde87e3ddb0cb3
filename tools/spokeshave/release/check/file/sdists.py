"""Checks of one sdist on its own (Warehouse's `forklift/legacy.py`, PEP 625)."""

from __future__ import annotations

import posixpath
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from packaging.utils import InvalidSdistFilename
from packaging.version import Version

from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file.metadata import has_license_folder, metadata_faults, parse_headers
from spokeshave.requirement_text import parse_sdist_file_name
from spokeshave.sdist.tar_file import DAMAGES, open_gzipped_tar
from spokeshave.wheel.archive import LARGEST_METADATA
from spokeshave.wheel.metadata_reader import CoreMetadata, read_core_metadata
from spokeshave.wheel.name import is_version
from spokeshave_core.problems import Problem
from spokeshave_core.wheel_name import UNSTAMPED, normalize_name

_DRIVE = re.compile(r"[A-Za-z]:")
_REBUILD = "Build the sdist again with a current build backend."


def read_sdist(path: Path, stream: IO[bytes], size: int, sha256: str) -> CheckedFile:
    """Check one sdist.

    Args:
        stream: The file's bytes.
    """
    try:
        project, version = parse_sdist_file_name(path.name)
    except InvalidSdistFilename:
        problem = Problem(path.name, "is not the file name of an sdist", "Name it name-version.tar.gz.")
        return CheckedFile(path=path, name=path.name, size=size, sha256=sha256, problems=(problem,))
    problems = []
    if str(version) == UNSTAMPED:
        problems.append(Problem(path.name, "has no version yet", "Build it with the release's version."))
    metadata = None
    stream.seek(0)
    try:
        with open_gzipped_tar(stream) as archive:
            members = {member.name: member for member in archive}
            metadata = _metadata(archive, members)
    except DAMAGES as err:
        problems.append(Problem(path.name, f"cannot be read as a gzipped tar archive ({err})", _REBUILD))
        members = {}
    else:
        problems += _check_members(path.name, members)
    core = None if metadata is None else read_core_metadata(metadata)
    if core is not None:
        problems += _check_metadata(path.name, core, project, str(version), members)
    return CheckedFile(
        path=path,
        name=path.name,
        size=size,
        sha256=sha256,
        project=normalize_name(project),
        version=version,
        core=core,
        headers=() if metadata is None else parse_headers(metadata),
        problems=tuple(dict.fromkeys(problems)),
    )


def _top(members: dict[str, tarfile.TarInfo]) -> str:
    return next(iter(members), "").split("/")[0]


def _metadata(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> bytes | None:
    member = members.get(f"{_top(members)}/PKG-INFO")
    stream = archive.extractfile(member) if member and member.isfile() else None
    return stream.read(LARGEST_METADATA) if stream else None


def _check_members(name: str, members: dict[str, tarfile.TarInfo]) -> Iterator[Problem]:
    tops = sorted({member.split("/")[0] for member in members})
    if len(tops) != 1 or tops == ["."]:
        yield Problem(name, f"has {len(tops)} top-level directories or files", _REBUILD)
    elif f"{tops[0]}/PKG-INFO" not in members:
        yield Problem(name, f"has no {tops[0]}/PKG-INFO", _REBUILD)
    for member in members.values():
        fault = member_fault(member)
        if fault:
            yield Problem(f"{name}: {ascii(member.name)[1:-1]}", fault, _REBUILD)


def member_fault(member: tarfile.TarInfo) -> str | None:
    """Return why an sdist may not contain a member. None if it may.

    Installers refuse these members, too: those that lead outside of the archive, and devices and pipes.
    """
    if not is_inside(member.name):
        return "is a path that leads outside the sdist or is not portable"
    if not (member.isfile() or member.isdir() or member.islnk() or member.issym()):
        return "is not a file, a folder or a link"
    if member.islnk() and not is_inside(member.linkname):
        return f"is a link to {ascii(member.linkname)[1:-1]}, which leads outside the sdist"
    if member.issym() and not _leads_inside(member):
        return f"is a symbolic link to {ascii(member.linkname)[1:-1]}, which leads outside the sdist"
    return None


def is_inside(path: str) -> bool:
    """Return whether a path, relative to the archive, is one on all systems and does not go upwards."""
    parts = path.removeprefix("./").split("/")
    return "\\" not in path and not {"", ".", ".."} & set(parts) and not _DRIVE.match(path)


def _leads_inside(link: tarfile.TarInfo) -> bool:
    """Return whether the target of a symbolic link is below the top-level folder."""
    target = link.linkname
    if target.startswith("/") or "\\" in target or _DRIVE.match(target):
        return False
    found = posixpath.normpath(posixpath.join(posixpath.dirname(link.name), target))
    return found.split("/")[0] == link.name.split("/")[0]


def _check_metadata(
    name: str, core: CoreMetadata, project: str, version: str, members: dict[str, tarfile.TarInfo]
) -> Iterator[Problem]:
    top = _top(members)
    place = f"{name}: {top}/PKG-INFO"
    yield from metadata_faults(place, core)
    if "name" in core.raw and normalize_name(core.raw["name"]) != normalize_name(project):
        yield Problem(place, f"is of {core.raw['name']}, but the file name says {project}", _REBUILD)
    stated = core.raw.get("version", "")
    if is_version(stated) and Version(stated) != Version(version):
        yield Problem(place, f"has version {stated}, but the file name says {version}", _REBUILD)
    for file in core.raw.get("license_files", []) if has_license_folder(core) else []:
        if f"{top}/{file}" not in members:
            yield Problem(place, f"names the license file {file}, which the sdist does not have", _REBUILD)
