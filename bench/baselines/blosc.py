"""The project python-blosc: a C core with a CMake build of its own, and one extension, built by `pip wheel`.

Its sdist has the core, so no other source is needed.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

from bench.apparatus import command
from bench.apparatus.project import REPOSITORY
from bench.baselines.setuptools_project import ZIG_TARGET

REQUIREMENTS = REPOSITORY / "bench" / "requirements"
PIN = REQUIREMENTS / "blosc.txt"
BUILD_PINS = REQUIREMENTS / "blosc-build.txt"
CORE = "blosc/c-blosc"
WHEEL_TARGET = "src/python:wheel"
BACKEND_TARGET = "blosc_backend:wheel"
_PACKAGES_DIR = "src/python"
_CORE_DIR = "blosc_core"
_BACKEND_DIR = "blosc_backend"
_TRIAL = (
    "import sys; sys.path.insert(0, sys.argv[1]); import blosc; data = bytes(range(256)) * 99; "
    "assert blosc.decompress(blosc.compress(data, cname='zstd')) == data"
)
# As the project's own CMakeLists.txt sets them. Its setup.py asks the machine's processor for AVX2, so that is off on
# both sides.
_DEFINES = {
    "BUILD_STATIC": "ON",
    "BUILD_SHARED": "ON",
    "BUILD_TESTS": "OFF",
    "BUILD_BENCHMARKS": "OFF",
    "BUILD_FUZZERS": "OFF",
    "DEACTIVATE_AVX2": "ON",
}
_VARIABLES = {"DISABLE_BLOSC_AVX2": "1"}
_CORE_BUILD = """\
python_sdist(name="sdist", requirements="blosc.txt")

cc_cmake_project(
    name="core",
    source=":sdist",
    subdirectory={core!r},
    defines={defines!r},
    headers=["blosc*.h"],
    libraries=["blosc"],
    exclude=["lib/*.so*"],
)
"""
_BINDING_BUILD = """\
cc_sources(
    name="binding",
    sources=["blosc/blosc_extension.c"],
    dependencies=["blosc_core:core"],
    defines=["BENCH_ROUND={number}"],
)

python_extension(name="extension", module="blosc.blosc_extension", dependencies=[":binding"])

python_native_wheel(name="wheel", dependencies=[":extension", "src/python/blosc"], pythons={pythons!r})
"""
_BACKEND_BUILD = """\
python_backend_wheel(
    name="wheel",
    source="blosc_core:sdist",
    pythons={pythons!r},
    build_requirements="build.txt",
    env={variables!r},
)
"""
_PYPROJECT = """\
[project]
name = "blosc"
version = "{version}"
"""


def core_build(number: int) -> str:
    """Return the BUILD file of the core. The number is in the key of its build and does not change what it installs."""
    return _CORE_BUILD.format(core=CORE, defines={**_DEFINES, "BENCH_ROUND": str(number)})


def write_project(root: Path, source: Path, pythons: tuple[str, ...]) -> None:
    """Write the targets of python-blosc: its core by CMake and its extension, and the project by its own backend."""
    for folder in (_CORE_DIR, _PACKAGES_DIR, _BACKEND_DIR):
        (root / folder).mkdir(parents=True)
    shutil.copy2(PIN, root / _CORE_DIR / "blosc.txt")
    package = root / _PACKAGES_DIR / "blosc"
    package.mkdir()
    for path in [*sorted(source.glob("blosc/*.py")), source / "blosc" / "blosc_extension.c"]:
        shutil.copy2(path, package / path.name)
    (package / "BUILD").write_text('python_sources(sources=["*.py"])\n')
    version = (source / "VERSION").read_text().strip()
    (root / _PACKAGES_DIR / "pyproject.toml").write_text(_PYPROJECT.format(version=version))
    shutil.copy2(BUILD_PINS, root / _BACKEND_DIR / "build.txt")
    write_round(root, pythons, 0)


def write_round(root: Path, pythons: tuple[str, ...], number: int) -> None:
    """Make the build of the core, its extension and the project by its own backend run again, with the same results."""
    (root / _CORE_DIR / "BUILD").write_text(core_build(number))
    (root / _PACKAGES_DIR / "BUILD").write_text(_BINDING_BUILD.format(pythons=list(pythons), number=number))
    variables = {**_VARIABLES, "BENCH_ROUND": str(number)}
    (root / _BACKEND_DIR / "BUILD").write_text(_BACKEND_BUILD.format(pythons=list(pythons), variables=variables))


class BloscWheels:
    """`pip wheel` of the sdist, without isolation, with zig as the compiler."""

    def __init__(self, place: Path, zig: Path) -> None:
        self._place = place
        shutil.rmtree(place, ignore_errors=True)
        (place / "bin").mkdir(parents=True)
        for name in ("cc", "c++"):
            tool = place / "bin" / f"zig-{name}"
            tool.write_text(f'#!/bin/sh\nexec "{zig}" {name} -target {ZIG_TARGET} "$@"\n')
            tool.chmod(0o755)

    def download(self, python: Path) -> Path:
        """Download the sdist and return the folder of its files."""
        (self._place / "sdist").mkdir()
        pins = (
            "--no-deps",
            "--no-build-isolation",
            "--no-binary",
            ":all:",
            "--require-hashes",
            "--requirement",
            str(PIN),
        )
        self._pip(python, "download", *pins, "--dest", "sdist")
        shutil.unpack_archive(self._sdist, self._place / "source")
        (source,) = (self._place / "source").iterdir()
        return source

    @property
    def _sdist(self) -> Path:
        (found,) = (self._place / "sdist").iterdir()
        return found

    def wheel(self, python: Path) -> command.Finished:
        """Run `pip wheel` of the sdist, which pip unpacks again."""
        for name in ("wheels", "objects"):
            shutil.rmtree(self._place / name, ignore_errors=True)
        options = ("--no-cache-dir", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", "wheels")
        done = self._pip(python, "wheel", *options, str(self._sdist))
        (built,) = (self._place / "wheels").iterdir()
        try_import(python, built)
        return done

    def _pip(self, python: Path, *arguments: str) -> command.Finished:
        # CMake and ninja are programs of the environment.
        path = f"{python.parent}:/usr/bin:/bin"
        environment = {
            **os.environ,
            **_VARIABLES,
            "PATH": path,
            "CC": str(self._place / "bin" / "zig-cc"),
            "CXX": str(self._place / "bin" / "zig-c++"),
            # What zig builds for each link is built once, beforehand. The project's own compiles are not cached.
            "ZIG_GLOBAL_CACHE_DIR": str(self._place.parent / "zig-runtime"),
            "ZIG_LOCAL_CACHE_DIR": str(self._place / "objects"),
        }
        argv = (str(python), "-m", "pip", arguments[0], "--quiet", "--disable-pip-version-check", *arguments[1:])
        return command.run(argv, cwd=self._place, env=environment, name=f"pip {arguments[0]}")


def try_import(python: Path, wheel: Path) -> None:
    """Use a wheel, because a broken one is not a valid comparison.

    Raises:
        CommandError: If it does not work.
    """
    unpacked = wheel.parent / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    argv = (str(python), "-I", "-c", _TRIAL, str(unpacked))
    command.run(argv, cwd=wheel.parent, env=os.environ, name=f"import of {wheel.name}")
    shutil.rmtree(unpacked)
