"""Fixtures of releases: the wheels of two projects, and reports of their smoke tests."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.stamp.stamping import stamp
from spokeshave.testing.wheel_fixtures import make_wheel
from spokeshave.wheel.version_facts import VersionFacts

VERSION = "3.12.0rc20260821"
COMMIT = "89ece87b89852100c0ffee0000000000deadbeef"
RUNTIME = "abacus-runtime"
COMPILER = "abacus-compiler"
LINUX = "manylinux_2_17_x86_64"
WINDOWS = "win_amd64"
TAGS = ("cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-win_amd64", "cp312-cp312-manylinux_2_17_x86_64")
"""The wheels of each project."""


def write_wheels(
    folder: Path,
    *,
    projects: Iterable[str] = (RUNTIME, COMPILER),
    tags: Iterable[str] = TAGS,
    version: str = VERSION,
    requires_python: str = ">=3.10",
    facts: VersionFacts | None = None,
) -> list[Path]:
    """Write a stamped wheel of each project and tag into a folder. The compiler is pinned to the runtime."""
    return [
        write_one(folder, project, tag, version=version, requires_python=requires_python, facts=facts)
        for project in projects
        for tag in tags
    ]


def write_one(
    folder: Path,
    project: str,
    tag: str,
    *,
    version: str = VERSION,
    requires_python: str = ">=3.10",
    extra: str = "",
    facts: VersionFacts | None = None,
) -> Path:
    """Write a stamped wheel into a folder.

    Args:
        extra: A text that makes its bytes differ.
        facts: What the wheel states. By default it is the version alone.
    """
    package = project.replace("-", "_")
    dependencies = f'["{RUNTIME}"]' if project == COMPILER else "[]"
    text = (
        f'[project]\nname = "{project}"\ndynamic = ["version"]\nrequires-python = "{requires_python}"\n'
        f"dependencies = {dependencies}\n"
    )
    with tempfile.TemporaryDirectory() as scratch:
        assembled = make_wheel(
            Path(scratch),
            pyproject=text,
            files={f"{package}/__init__.py": f"from {package}._version import version\n{extra}"},
            pins=(RUNTIME,) if project == COMPILER else (),
            version_module=f"{package}/_version.py",
            tag=tag,
        )
        return stamp(assembled.path, facts or VersionFacts(version), folder).wheel.path


def smoke_report(
    wheel: Path,
    python: str = "3.12.4",
    *,
    outcome: str = "passed",
    platform: str = "Linux x86_64, glibc 2.36",
    emulator: str = "",
    seconds: float = 1.5,
    sha256: str | None = None,
) -> dict[str, object]:
    """Return what `spokeshave smoke-test` reports of a wheel on one Python."""
    free_threaded = python.endswith("t")
    facts = {
        "path": "/home/someone/.local/bin/python",
        "version": python.rstrip("t"),
        "implementation": "CPython",
        "platform": platform,
        "emulator": emulator,
        "free_threaded": free_threaded,
    }
    checks = [
        {"name": "install", "outcome": "passed", "seconds": seconds, "detail": ""},
        {"name": "import abacus", "outcome": outcome, "seconds": seconds / 2, "detail": "/tmp/x: it crashed"},
    ]
    reason = "" if outcome == "passed" else "import abacus: it crashed\nin /tmp/x"
    run = {"python": facts, "outcome": outcome, "reason": reason, "checks": checks}
    return {"wheel": wheel.name, "sha256": sha256 or sha256_of_file(wheel)[0], "runs": [run]}


def write_reports(folder: Path, wheels: Iterable[Path]) -> list[Path]:
    """Write a report of a passed test for each wheel, on the Python that its tag names. Return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for wheel in wheels:
        tag = wheel.name.split("-")[2]
        machine = "Windows 10 AMD64" if wheel.name.endswith("win_amd64.whl") else "Linux x86_64, glibc 2.36"
        path = folder / f"{wheel.name}.json"
        path.write_text(json.dumps(smoke_report(wheel, f"3.{tag[3:]}.4", platform=machine)))
        files.append(path)
    return files
