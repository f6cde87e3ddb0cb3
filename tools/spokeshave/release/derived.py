"""The files of a record that follow from its manifest: sums, constraints and a lock file.

None of them says anything that `release.json` does not. So they are rendered again to find out whether one was changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from spokeshave.release.record import CONSTRAINTS, FILES, lock_name
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord

_LOCK_VERSION = "1.0"
_CREATED_BY = "spokeshave"


def derived_files(record: ReleaseRecord) -> dict[str, bytes]:
    """Return the content of the derived files by name, without the sums."""
    return {CONSTRAINTS: render_constraints(record).encode(), lock_name(record.name): render_lock(record).encode()}


def render_sums(sums: Mapping[str, str]) -> bytes:
    """Render SHA256SUMS, which `sha256sum --check` reads, from sha256 by path."""
    return "".join(f"{sums[path]}  {path}\n" for path in sorted(sums)).encode()


def render_constraints(record: ReleaseRecord) -> str:
    """Render the constraints file: an installer that gets it takes the release's version of each project."""
    return "".join(f"{name}=={project.version}\n" for name, project in sorted(record.projects.items()))


def render_lock(record: ReleaseRecord) -> str:
    """Render the lock file (PEP 751) of the set. Its paths are relative to the record's folder.

    It lists the projects of the set alone, and not what they require.
    """
    files: dict[str, list[ReleaseFile]] = {name: [] for name in record.projects}
    for file in record.files:
        files[file.project].append(file)
    blocks = [_lines({"lock-version": _LOCK_VERSION, "created-by": _CREATED_BY})]
    for name, project in sorted(record.projects.items()):
        blocks += _package_blocks(name, project, files[name])
    return "\n".join(blocks)


def _package_blocks(name: str, project: ReleaseProject, files: list[ReleaseFile]) -> Iterator[str]:
    package = {"name": name, "version": project.version}
    pythons = {file.requires_python for file in files}
    if len(pythons) == 1 and pythons != {""}:
        package["requires-python"] = pythons.pop()
    yield f"[[packages]]\n{_lines(package)}"
    for file in sorted(files, key=lambda file: (file.is_wheel, file.name)):
        heading = "[[packages.wheels]]" if file.is_wheel else "[packages.sdist]"
        entry = {"name": file.name, "path": f"{FILES}/{file.name}"}
        # A JSON text is a basic string of TOML, as long as nothing in it is a control character.
        yield f"{heading}\n{_lines(entry)}size = {file.size}\nhashes = {{ sha256 = {json.dumps(file.sha256)} }}\n"


def _lines(values: Mapping[str, str]) -> str:
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
