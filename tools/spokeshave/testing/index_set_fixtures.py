"""Sets of an index for tests: values of a list, and small records with one wheel for each platform."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from spokeshave.release.index.writer.addition import add_records
from spokeshave.release.record import manifest_sha256
from spokeshave.release.writer import draft_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import PromotedFrom, ReleaseFile, ReleaseProject, ReleaseRecord

PLATFORMS = ("manylinux_2_17_x86_64", "win_amd64")


def indexed_set(version: str, added: str, *, name: str = "abacus", channel: str | None = "nightly") -> IndexedSet:
    """Return a complete set with one project, `NAME-runtime`.

    Args:
        added: A day, or a whole time.
    """
    return IndexedSet(
        name=name,
        version=version,
        channel=channel,
        commit=None,
        manifest_sha256=manifest_of(name, version),
        added=time_of(added),
        projects=(f"{name}-runtime",),
        files=1,
        size=100,
    )


def time_of(day: str) -> str:
    """Return the time at which a day begins. A time stays as it is."""
    return day if "T" in day else f"{day}T00:00:00.000000Z"


def partial(listed: IndexedSet) -> IndexedSet:
    """Return a set that is a part of its release."""
    return replace(listed, only=("*linux*",))


def yanked(listed: IndexedSet, reason: str = "") -> IndexedSet:
    """Return a set that is yanked."""
    return replace(listed, yanked=reason)


def manifest_of(name: str, version: str) -> str:
    """Return the manifest's sha256 of a set of these fixtures."""
    return hashlib.sha256(f"{name} {version}".encode()).hexdigest()


def write_set(
    folder: Path,
    version: str,
    *,
    name: str = "abacus",
    channel: str | None = "nightly",
    projects: Iterable[str] = ("runtime", "tools"),
    platforms: Iterable[str] = PLATFORMS,
    requires: str = "",
    source: Path | None = None,
) -> Path:
    """Write the record of a release into `folder/NAME/VERSION`, and return that.

    Args:
        projects: Each is `NAME-PROJECT`.
        requires: A requirement of all wheels.
        source: The record that it was promoted from.
    """
    output = folder / name / version
    wheels = {
        f"{name}-{project}": list(_wheels(output, f"{name}_{project}", version, platforms, requires))
        for project in projects
    }
    with draft_record(output) as draft:
        files = [_add(draft.add_file(path), path, project) for project, paths in wheels.items() for path in paths]
        origin = PromotedFrom(source.name, manifest_sha256(source)) if source else None
        draft.finish(_record(name, version, channel, wheels, files, origin))
    return output


def add_set(index: Path, record: Path, added: str) -> None:
    """Add a record to an index on a day, or at a time."""
    add_records(index, [record], time_of(added))


def _wheels(output: Path, package: str, version: str, platforms: Iterable[str], requires: str) -> Iterable[Path]:
    requirement = f"Requires-Dist: {requires}\n" if requires else ""
    for platform in platforms:
        yield build_wheel(
            output.with_name(f"{output.name}.wheels"),
            {f"{package}/__init__.py": f"PLATFORM = {platform!r}\n"},
            f"py3-none-{platform}",
            name=package,
            version=version,
            metadata_lines=f"Requires-Python: >=3.9\n{requirement}",
        )


def _add(stored: tuple[str, int], path: Path, project: str) -> ReleaseFile:
    sha256, size = stored
    return ReleaseFile(
        name=path.name,
        project=project,
        sha256=sha256,
        size=size,
        payload_sha256=None,
        metadata_sha256=_metadata_sha256(path),
        requires_python=">=3.9",
    )


def _metadata_sha256(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        return hashlib.sha256(archive.read(name)).hexdigest()


def _record(
    name: str,
    version: str,
    channel: str | None,
    projects: Mapping[str, object],
    files: Iterable[ReleaseFile],
    origin: PromotedFrom | None,
) -> ReleaseRecord:
    return ReleaseRecord(
        name=name,
        version=version,
        channel=channel,
        commit="ab" * 20,
        projects={project: ReleaseProject(version) for project in projects},
        files=tuple(sorted(files, key=lambda file: file.name)),
        promoted_from=origin,
    )
