"""A build of CPython for musl with zig, from Debian's source packages.

It takes place in one directory, which remains after a killed run, so that the next run continues from there.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spokeshave.emulation.apt import source_archive
from spokeshave.emulation.catalogue import MUSL_SUITE
from spokeshave.emulation.linux import Source
from spokeshave.emulation.pypi import fetch_zig, origin_of
from spokeshave.setup_steps import SetUpError, Tool, step, whole_folder
from spokeshave_core.cpython_releases import DEBIAN_SUITES
from spokeshave_core.manifest import Origin
from spokeshave_core.problems import Problems

# Modules that need libraries which are not compiled.
LACKING = ("bz2", "ctypes", "lzma", "readline", "sqlite3", "ssl")
_REMEDY = (
    "Compiled files were deleted. Make sure that disk space and memory are available, and run the command again. If it "
    "still fails, please report it."
)
_LEFT_OUT = ("__pycache__", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "site-packages")
_CONFIGURED = ("--quiet", "--disable-test-modules", "--without-ensurepip", "--without-static-libpython")


def check_machine(folder: Path) -> None:
    """Check that CPython can be compiled in a directory.

    Raises:
        SetUpError: If make is missing or cannot handle the path.
    """
    problems = Problems()
    for name, package in (("make", "make"), ("flock", "util-linux")):
        if shutil.which(name) is None:
            remedy = f"Install the package {package}. The compiler (zig) is downloaded automatically."
            problems.add(name, "is not on PATH, and a Python for musl must be compiled", remedy)
    if re.search(r"[\s'\"$#:]", str(folder)):
        message = "has a character in its name that make does not support, and a Python for musl must be compiled"
        problems.add(str(folder), message, "Give another folder by --folder or SPOKESHAVE_HOME.")
    problems.raise_if_any(SetUpError)


@dataclass(frozen=True)
class MuslBuild:
    """A build of CPython in a directory, for the loader at a permanent path."""

    folder: Path
    version: str
    architecture: str
    loader: Path

    @property
    def _sources(self) -> Path:
        return self.folder / "cpython"

    @property
    def _zlib(self) -> Path:
        return self.folder / "zlib"

    @property
    def _zig(self) -> Path:
        return self.folder / "zig"

    def fetch(self, source: Source) -> list[Origin]:
        """Download and unpack the sources and zig, and return their origins."""
        suite = DEBIAN_SUITES[self.version]
        packages = self.folder / "packages"
        shutil.rmtree(packages, ignore_errors=True)
        with step(f"sources of Python {self.version} from Debian {suite} (23 MB)"):
            python = source.root(suite, source.host).download_source(f"python{self.version}", packages / "cpython")
        with step(f"sources of zlib from Debian {MUSL_SUITE} (1 MB)"):
            zlib = source.root(MUSL_SUITE, source.host).download_source("zlib", packages / "zlib")
        with step("zig, which compiles them (101 MB from PyPI)"):
            wheel = fetch_zig(source.work)
            origins = [*python, *zlib, origin_of(wheel)]
            self.forget_others(origins)
            for place in (self._sources, self._zlib):
                _unpack_once(place, partial(unpack_archive, source_archive(packages / place.name)))
            _unpack_once(self._zig, partial(unpack_zig, wheel))
        return origins

    def forget_others(self, origins: Sequence[Origin]) -> None:
        """Remove results of an earlier run with different inputs."""
        note = self.folder / "made-of.txt"
        made_of = "".join(f"{origin.sha256}\n" for origin in origins)
        if not note.is_file() or note.read_text() != made_of:
            for place in (self._sources, self._zlib, self._zig):
                shutil.rmtree(place, ignore_errors=True)
            note.write_text(made_of)

    def compile(self) -> None:
        """Compile CPython and its zlib. An earlier result is reused until a compile fails."""
        tool = self._tool()
        try:
            with step("compile zlib"):
                _configure(tool, self._zlib, ["--static"])
                _make(tool, self._zlib, "libz.a")
            with step("configure CPython (a minute)"):
                _configure(tool, self._sources, self._options())
            with step("compile CPython (some minutes)"):
                _make(tool, self._sources, "all")
        except SetUpError:
            shutil.rmtree(self.folder)
            raise

    def _options(self) -> list[str]:
        # CPython up to 3.12 detects musl by the machine's name. Later versions use this macro of musl's headers, which
        # zig's own headers hide.
        musl = [f"--build={self.architecture}-pc-linux-musl", f"CPP={self.folder}/cc -E -D__DEFINED_va_list"]
        return [*_CONFIGURED, *musl, f"ZLIB_CFLAGS=-I{self._zlib}", f"ZLIB_LIBS={self._zlib}/libz.a"]

    def _tool(self) -> Tool:
        """Return a runner for configure and make, with zig as the compiler.

        The interpreter contains the path of its loader, so that it starts without an emulator.
        """
        zig = self._zig / "ziglang/zig"
        target = f"-target {self.architecture}-linux-musl"
        _write_script(self.folder / "cc", f"{zig} cc {target} -dynamic -Wl,--dynamic-linker={self.loader}")
        for name in ("ar", "ranlib"):
            _write_script(self.folder / name, f"{zig} {name}")
        caches = dict.fromkeys(("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), str(self.folder / "cache"))
        programs = {name.upper(): str(self.folder / name) for name in ("cc", "ar", "ranlib")}
        flags = {"CFLAGS": "-O1 -g0 -fPIC -Wno-date-time", "LDFLAGS": "", "CPPFLAGS": "", "MAKEFLAGS": ""}
        # No libraries of this machine, and no C++, whose runtime would have to be compiled first.
        others = {"CXX": "/bin/false", "PKG_CONFIG": "/bin/false", "LC_ALL": "C.UTF-8"}
        return Tool(_REMEDY, {**caches, **programs, **flags, **others})

    def install(self, destination: Path) -> None:
        """Install the files that Python needs to run. They are relocatable, as long as the loader's path is valid."""
        library = destination / "lib" / f"python{self.version}"
        shutil.copytree(self._sources / "Lib", library, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        (library / "lib-dynload").mkdir()
        built = self._sources / (self._sources / "pybuilddir.txt").read_text().strip()
        # Modules of another name mean that CPython did not detect musl. It would not load modules of wheels.
        for module in built.glob(f"*-{self.architecture}-linux-musl.so"):
            shutil.copy2(module, library / "lib-dynload")
        for settings in built.glob("_sysconfig*"):
            if settings.is_file():
                shutil.copy2(settings, library)
        (destination / "bin").mkdir()
        shutil.copy2(self._sources / "python", destination / "bin" / f"python{self.version}")


def unpack_archive(archive: Path, destination: Path) -> None:
    """Unpack upstream's sources without their top directory."""
    with tarfile.open(archive) as tar:
        # Pythons before 3.12 may not support filters.
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(destination)
    (top,) = destination.iterdir()
    for entry in top.rename(destination / ".unpacked").iterdir():
        entry.rename(destination / entry.name)
    (destination / ".unpacked").rmdir()


def unpack_zig(wheel: Path, destination: Path) -> None:
    """Unpack zig with the libraries that it compiles when needed."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(destination, [name for name in archive.namelist() if name.startswith("ziglang/")])
    (destination / "ziglang/zig").chmod(0o755)


def _unpack_once(place: Path, unpack: Callable[[Path], None]) -> None:
    if not place.is_dir():
        with whole_folder(place) as new:
            unpack(new)


def _configure(tool: Tool, place: Path, options: Sequence[str]) -> None:
    done = place / "configured"
    if not done.exists():
        _run_alone(tool, place, ["./configure", *options])
        done.touch()


def _make(tool: Tool, place: Path, target: str) -> None:
    _run_alone(tool, place, ["make", "--silent", f"--jobs={os.cpu_count() or 1}", target])


def _run_alone(tool: Tool, place: Path, command: Sequence[str]) -> None:
    """Run a command after one that a killed set-up may have left running and that has inherited the lock."""
    tool.run(["flock", place.parent / "busy", *command], place)


def _write_script(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)
