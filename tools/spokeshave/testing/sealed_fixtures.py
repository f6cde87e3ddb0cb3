"""Sealed releases for tests of their publication: a runtime, and a compiler that pins it, for several platforms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from spokeshave.release.writer import draft_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.sdist_fixtures import write_sdist
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord

PLATFORMS = ("manylinux_2_17_x86_64", "win_amd64")


def write_release(
    folder: Path,
    version: str = "3.12.0",
    *,
    platforms: Iterable[str] = PLATFORMS,
    texts: Mapping[str, str] | None = None,
    has_sdist: bool = True,
    name: str = "abacus",
    prefix: str = "abacus",
    requires_python: str = "",
    renamed: str = "",
) -> Path:
    """Write the record of a release, and return its folder.

    Args:
        texts: The content of a module by project; it makes other bytes of the same names.
        name: The name of the release.
        prefix: What the names of its projects begin with.
        requires_python: What the record says of all files.
        renamed: The name that one of the runtime's wheels has instead of its own.
    """
    runtime = f"{prefix}-runtime"
    compiler = f"{prefix}-compiler"
    files = list(_wheels(folder / "wheels", version, platforms, texts or {}, (runtime, compiler)))
    if has_sdist:
        files.append(_sdist(folder / "wheels", f"{prefix}_runtime", version))
    output = folder / name / version
    with draft_record(output) as draft:
        entries = []
        for path in sorted(files, key=lambda path: path.name):
            project = path.name.split("-")[0].replace("_", "-")
            if renamed and project == runtime:
                path = path.rename(path.with_name(renamed))
                renamed = ""
            sha256, size = draft.add_file(path)
            entry = ReleaseFile(
                name=path.name,
                project=project,
                sha256=sha256,
                size=size,
                payload_sha256=None,
                metadata_sha256=None,
                requires_python=requires_python,
            )
            entries.append(entry)
        draft.finish(
            ReleaseRecord(
                name=name,
                version=version,
                channel="stable",
                commit="ab" * 20,
                projects={
                    runtime: ReleaseProject(version),
                    compiler: ReleaseProject(version, (f"{runtime}=={version}",)),
                },
                files=tuple(entries),
            )
        )
    return output


def _wheels(
    folder: Path, version: str, platforms: Iterable[str], texts: Mapping[str, str], projects: tuple[str, str]
) -> Iterable[Path]:
    runtime, compiler = projects
    for project, requires in ((runtime, ""), (compiler, f"Requires-Dist: {runtime}=={version}\n")):
        package = project.replace("-", "_")
        for platform in platforms:
            code = f"PLATFORM = {platform!r}\n{texts.get(project, '')}"
            yield build_wheel(
                folder,
                {f"{package}/__init__.py": code},
                f"py3-none-{platform}",
                name=package,
                version=version,
                metadata_lines=f"Requires-Python: >=3.9\n{requires}",
            )


def _sdist(folder: Path, package: str, version: str) -> Path:
    stem = f"{package}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\nRequires-Python: >=3.9\n"
    return write_sdist(folder / f"{stem}.tar.gz", {f"{stem}/PKG-INFO": metadata, f"{stem}/pyproject.toml": ""})
