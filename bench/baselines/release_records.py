"""Writes the records of releases with tiny wheels. Run with the tools' packages, and not imported.

Arguments: a folder, the number of the first release, and that after the last one. The list of a release's files for
dumb-pypi, with a line of JSON for each file, goes to `VERSION.jsonl` next to the record `VERSION`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from spokeshave.release.writer import draft_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord

PROJECTS = ("parts-compiler", "parts-runtime", "parts-tools", "parts-tracing")
FILES = 100
REQUIRES_PYTHON = ">=3.9"
_METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: {python}\n"
# 2026-01-01: only dumb-pypi's list has a time.
_FIRST_TIME = 1767225600


def version(number: int) -> str:
    """Return the version of a nightly."""
    return f"3.12.0.dev{20260000 + number}"


def write(folder: Path, number: int) -> None:
    """Write a record, and the lines for dumb-pypi next to it."""
    release = version(number)
    wheels = folder / "wheels"
    lines = []
    entries = []
    with draft_record(folder / release) as draft:
        for path in _wheels(wheels, release):
            sha256, size = draft.add_file(path)
            project = path.name.split("-")[0].replace("_", "-")
            entry = ReleaseFile(
                name=path.name,
                project=project,
                sha256=sha256,
                size=size,
                payload_sha256=None,
                metadata_sha256=None,
            )
            entries.append(entry)
            lines.append(_line(path.name, sha256, project.replace("-", "_"), release, number))
        draft.finish(
            ReleaseRecord(
                name="parts",
                version=release,
                channel="nightly",
                commit=f"{number:040x}",
                projects={project: ReleaseProject(release) for project in PROJECTS},
                files=tuple(sorted(entries, key=lambda entry: entry.name)),
            )
        )
    (folder / f"{release}.jsonl").write_text("".join(lines))
    shutil.rmtree(wheels)


def _wheels(folder: Path, release: str) -> Iterator[Path]:
    for project in PROJECTS:
        for minor in range(FILES // len(PROJECTS)):
            tag = f"cp3{minor}-cp3{minor}-manylinux_2_17_x86_64"
            files = {"part/__init__.py": f"NAME = {project!r}\n"}
            yield build_wheel(
                folder,
                files,
                tag,
                name=project.replace("-", "_"),
                version=release,
                metadata_lines=f"Requires-Python: {REQUIRES_PYTHON}\n",
            )


def _line(name: str, sha256: str, project: str, release: str, number: int) -> str:
    metadata = _METADATA.format(name=project, version=release, python=REQUIRES_PYTHON)
    fields = {
        "filename": name,
        "hash": f"sha256={sha256}",
        "requires_python": REQUIRES_PYTHON,
        "upload_timestamp": _FIRST_TIME + number,
        "core_metadata": f"sha256={hashlib.sha256(metadata.encode()).hexdigest()}",
    }
    return f"{json.dumps(fields)}\n"


if __name__ == "__main__":
    for each in range(int(sys.argv[2]), int(sys.argv[3])):
        write(Path(sys.argv[1]), each)
