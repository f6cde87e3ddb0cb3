"""Checks of one wheel on its own: what PyPI or an installer would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from packaging.version import Version

from spokeshave.errors import InvalidWheelError
from spokeshave.release.check.file.checked_file import CheckedFile
from spokeshave.release.check.file.entry_points import check_entry_points
from spokeshave.release.check.file.members import check_archive, check_dist_info, readable_members
from spokeshave.release.check.file.metadata import check_metadata, check_wheel_file, parse_headers
from spokeshave.release.check.file.names import check_name, read_name
from spokeshave.release.check.file.records import check_record
from spokeshave.release.check.file.version_modules import check_version_modules
from spokeshave.release.check.file.version_texts import pre_release_texts
from spokeshave.release.check.file.wheel_file import WheelFile
from spokeshave.wheel.archive import open_zip
from spokeshave.wheel.metadata_reader import CoreMetadata, read_core_metadata
from spokeshave_core.problems import Problem


def read_wheel(path: Path, stream: IO[bytes], size: int, sha256: str) -> CheckedFile:
    """Check one wheel.

    Args:
        stream: The file's bytes.
    """
    try:
        name = read_name(path)
    except InvalidWheelError as err:
        return CheckedFile(path=path, name=path.name, size=size, sha256=sha256, problems=err.problems)
    problems = list(check_name(name))
    metadata = None
    core = None
    try:
        with open_zip(path) as archive:
            problems += check_archive(path, size, stream, archive)
            problems += check_dist_info(name, archive)
            wheel = WheelFile(path=path, name=name, archive=archive, members=readable_members(archive))
            metadata = wheel.metadata_file("METADATA")
            core = None if metadata is None else read_core_metadata(metadata)
            problems += _check_contents(wheel, core)
    except InvalidWheelError as err:
        # The path of an archive that cannot be opened is shortened to the name that all others have.
        problems += [Problem(path.name, each.message, each.remedy) for each in err.problems]
    return CheckedFile(
        path=path,
        name=path.name,
        size=size,
        sha256=sha256,
        project=name.project,
        version=Version(name.version),
        tag=str(name.tag),
        core=core,
        headers=() if metadata is None else parse_headers(metadata),
        texts=pre_release_texts(path, Version(name.version)),
        problems=tuple(dict.fromkeys(problems)),
    )


def _check_contents(wheel: WheelFile, core: CoreMetadata | None) -> Iterator[Problem]:
    if core is not None:
        yield from check_metadata(wheel, core)
    yield from check_wheel_file(wheel)
    yield from check_entry_points(wheel)
    yield from check_version_modules(wheel)
    yield from check_record(wheel)
