"""Records of releases with wheels for many platforms and Pythons, for the tests of conda recipes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from spokeshave.release.writer import draft_record
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.release_fixtures import COMPILER, RUNTIME
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord

VERSION = "3.12.0"
HOST = "https://wheels.example/files"
LICENSE = "The license of Abacus.\n"
PER_PYTHON = tuple(
    f"cp3{minor}-cp3{minor}-{platform}"
    for minor in (11, 12)
    for platform in (
        "manylinux2014_x86_64.manylinux_2_17_x86_64",
        "manylinux_2_28_aarch64",
        "macosx_11_0_universal2",
        "win_amd64",
    )
)
STABLE = tuple(
    f"cp312-abi3-{platform}"
    for platform in ("manylinux_2_17_x86_64", "manylinux_2_17_aarch64", "macosx_11_0_arm64", "win_amd64")
)
PURE = ("py3-none-any",)
METADATA = (
    "Summary: Counts: what beads count\nLicense-Expression: Apache-2.0\nLicense-File: LICENSE\n"
    "Requires-Python: >=3.11\nProject-URL: Source, https://abacus.example/source\n"
)
SCRIPTS = "[console_scripts]\nabacus = {package}.cli:main\n\n[gui_scripts]\nbeads = {package}.cli:main\n"


def conda_wheels(
    folder: Path,
    project: str,
    tags: Iterable[str],
    *,
    requires: Sequence[str] = (),
    metadata: str = METADATA,
    version: str = VERSION,
) -> list[Path]:
    """Write a wheel of a project for each tag."""
    package = project.replace("-", "_")
    lines = metadata + "".join(f"Requires-Dist: {line}\n" for line in requires)
    return [
        build_wheel(
            folder,
            {
                f"{package}/__init__.py": f"TAG = {tag!r}\n",
                f"{package}/cli.py": "def main():\n    print('abacus')\n",
                "dist-info/entry_points.txt": SCRIPTS.format(package=package),
                "dist-info/licenses/LICENSE": LICENSE,
            },
            tag,
            name=package,
            version=version,
            metadata_lines=lines,
        )
        for tag in tags
    ]


def write_conda_record(
    folder: Path, wheels: Iterable[Path], *, version: str = VERSION, pins: Mapping[str, Sequence[str]] | None = None
) -> Path:
    """Write the record of a release of some wheels, and return its folder."""
    output = folder / "abacus" / version
    with draft_record(output) as draft:
        entries = []
        for path in sorted(wheels, key=lambda path: path.name):
            sha256, size = draft.add_file(path)
            entry = ReleaseFile(
                name=path.name,
                project=path.name.split("-")[0].replace("_", "-"),
                sha256=sha256,
                size=size,
                payload_sha256=None,
                metadata_sha256=None,
            )
            entries.append(entry)
        projects = sorted({entry.project for entry in entries})
        draft.finish(
            ReleaseRecord(
                name="abacus",
                version=version,
                channel="stable",
                commit="ab" * 20,
                projects={name: ReleaseProject(version, tuple((pins or {}).get(name, ()))) for name in projects},
                files=tuple(entries),
            )
        )
    return output


def write_abacus(folder: Path) -> Path:
    """Write a release of a runtime for each Python, and of a compiler for the stable ABI that requires it."""
    runtime = [
        "numpy>=1.24,<3",
        "tomli>=2 ; python_version < '3.12'",
        "pywin32 ; sys_platform == 'win32'",
        "typing-extensions~=4.7",
        "rich ; extra == 'cli'",
    ]
    compiler = [f"{RUNTIME}=={VERSION}", "ml-dtypes"]
    wheels = [
        *conda_wheels(folder / "wheels", RUNTIME, PER_PYTHON, requires=runtime),
        *conda_wheels(folder / "wheels", COMPILER, STABLE, requires=compiler),
    ]
    return write_conda_record(folder, wheels, pins={COMPILER: (f"{RUNTIME}=={VERSION}",)})
