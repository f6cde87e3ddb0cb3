"""A release index of many sets, written without their wheels: only the pages and what they are made of."""

from __future__ import annotations

import hashlib
from pathlib import Path

from spokeshave.release.index.folder import LOCK, ReleaseIndex
from spokeshave.release.index.writer.change import open_writer
from spokeshave.release.index.writer.fragments import render_fragments
from spokeshave.release.index.writer.generation import SetParts, make_folder
from spokeshave.release.record import MANIFEST
from spokeshave.testing.release_fixtures import COMMIT, COMPILER, RUNTIME
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord

ADDED = "2026-01-01T00:00:{:09.6f}Z"


def write_large_index(folder: Path, sets: int, files: int = 50) -> ReleaseIndex:
    """Write an index of many sets of two projects.

    Args:
        files: The number of files of each project of a set.
    """
    index = ReleaseIndex(folder)
    make_folder(folder)
    # As a killed addition leaves it, with releases that no generation lists yet.
    (folder / LOCK).touch()
    listed = tuple(_write_set(index, f"1.0.{number}", files, number) for number in range(sets))
    with open_writer(folder, is_new=True) as writer:
        writer.publish(listed)
    return index


def _write_set(index: ReleaseIndex, version: str, count: int, number: int) -> IndexedSet:
    files = tuple(_file(project, version, abi) for project in (COMPILER, RUNTIME) for abi in range(count))
    record = ReleaseRecord(
        name="abacus",
        version=version,
        channel="nightly",
        commit=COMMIT,
        projects={project: ReleaseProject(version) for project in (COMPILER, RUNTIME)},
        files=files,
    )
    manifest = record.to_json().encode()
    listed = IndexedSet(
        name=record.name,
        version=version,
        channel=record.channel,
        commit=record.commit,
        manifest_sha256=hashlib.sha256(manifest).hexdigest(),
        added=ADDED.format(number / 1000),
        projects=tuple(record.projects),
        files=len(files),
        size=sum(file.size for file in files),
    )
    folder = SetParts.of(index, listed).folder
    make_folder(folder)
    (index.record_path(record.name, version) / MANIFEST).write_bytes(manifest)
    for name, data in render_fragments(listed, record, files, frozenset()):
        (folder / name).write_bytes(data)
    (index.record_path(record.name, version) / "index.html").write_bytes(b"")
    return listed


def _file(project: str, version: str, abi: int) -> ReleaseFile:
    stem = f"{project.replace('-', '_')}-{version}"
    name = f"{stem}-cp3{abi}-cp3{abi}-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    return ReleaseFile(
        name=name,
        project=project,
        sha256=sha256,
        size=1 << 20,
        payload_sha256=sha256,
        metadata_sha256=hashlib.sha256(version.encode()).hexdigest(),
        requires_python=">=3.9",
    )
