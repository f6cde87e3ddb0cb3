"""The requirements of `pip wheel` besides Abacus' sources: environments with setuptools, and the compiler."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.apparatus.project import REPOSITORY
from bench.apparatus.pythons import find_python
from bench.apparatus.workbench import Workbench
from bench.baselines.ccache import Ccache
from bench.baselines.setuptools_project import PACKAGES, SetuptoolsProject
from bench.errors import BenchError

VERSIONS = ("3.11", "3.12", "3.13")
_SETUPTOOLS = REPOSITORY / "bench" / "requirements" / "setuptools.txt"


def environments(
    bench: Workbench,
    measurement: str,
    versions: Sequence[str] = VERSIONS,
    requirements: Path = _SETUPTOOLS,
    name: str = "setuptools",
) -> list[Path]:
    """Return the interpreter of an environment with setuptools, or other requirements, for each Python.

    Raises:
        BenchError: If this machine does not have all Pythons.
    """
    found = {version: find_python(version) for version in versions}
    missing = [version for version, python in found.items() if python is None]
    if missing:
        raise BenchError(
            f"`{measurement}` compares with wheels for Python {', '.join(found)}, and this machine has no "
            f"{', '.join(missing)} with headers and ensurepip, neither on PATH nor in pyenv. Install it, or name other "
            "measurements."
        )
    return [
        bench.venv(f"{name}-{version}", python, requirements) / "bin" / "python"
        for version, python in found.items()
        if python is not None
    ]


def setuptools_project(
    bench: Workbench, name: str, packages: Sequence[str] = PACKAGES, ccache: Ccache | None = None
) -> SetuptoolsProject:
    """Create a setuptools project of some of Abacus' packages in a directory of that name."""
    ninja = bench.abacus_ninja()
    project = SetuptoolsProject(place=bench.home / name, zig=bench.zig(), ninja=ninja, packages=packages, ccache=ccache)
    bench.prepared.append(("zig's own C++ library, for pip wheel", project.prime().wall))
    return project
