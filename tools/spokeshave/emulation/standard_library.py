"""CPython's standard library, for an interpreter that comes without it: Debian's, or that of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from spokeshave.emulation.apt import unpack
from spokeshave.emulation.linux import Source
from spokeshave.setup_steps import SetUpError
from spokeshave_core.cpython_releases import DEBIAN_SUITES
from spokeshave_core.manifest import Origin
from spokeshave_core.problems import Problem
from spokeshave_core.python_search import python_candidates

_LEFT_OUT = ("test", "tests", "idlelib", "tkinter", "turtledemo", "lib-dynload", "site-packages", "dist-packages")
_PLATFORMS_OWN = ("__pycache__", "config-*", "_sysconfigdata*", "sitecustomize.py")


def standard_library(version: str, destination: Path, work: Path, source: Source) -> list[Origin]:
    """Install the library of a version in a directory, and return its origins."""
    if version in DEBIAN_SUITES:
        return _from_debian(version, destination, work, source)
    found = next(_on_this_machine(version), None)
    if found is None:
        message = f"has no standard library: its Python comes without one, and Debian has no Python {version}"
        remedy = f"Put a Python {version} on PATH (or under pyenv) for the setup, or choose another --python."
        raise SetUpError(Problem(f"win_amd64 Python {version}", message, remedy))
    full_version, library = found
    _copy(library, destination)
    return [Origin("standard library of this machine", full_version, "")]


def _from_debian(version: str, destination: Path, work: Path, source: Source) -> list[Origin]:
    names = [f"libpython{version}-minimal", f"libpython{version}-stdlib"]
    packages = work / f"stdlib-{version}"
    origins = source.root(DEBIAN_SUITES[version], source.host).download(names, packages)
    unpack(packages, packages / "root")
    _copy(packages / "root/usr/lib" / f"python{version}", destination)
    shutil.rmtree(packages)
    return origins


def _copy(library: Path, destination: Path) -> None:
    shutil.copytree(library, destination, ignore=shutil.ignore_patterns(*_LEFT_OUT, *_PLATFORMS_OWN), symlinks=True)


def _on_this_machine(version: str) -> Iterator[tuple[str, Path]]:
    question = "import platform, sysconfig; print(platform.python_version(), sysconfig.get_paths()['stdlib'])"
    for program in python_candidates(version, os.environ):
        done = subprocess.run([program, "-I", "-c", question], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.startswith(f"{version}."):
            full_version, _, library = done.stdout.strip().partition(" ")
            yield full_version, Path(library)
