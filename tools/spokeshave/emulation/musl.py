"""A Python of musl: CPython compiled here, as nobody publishes one, under Debian's musl. Nothing is emulated."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

from spokeshave.emulation.apt import source_archive, unpack
from spokeshave.emulation.catalogue import MUSL_SUITE, Guest
from spokeshave.emulation.emulator import Emulator, upstream_version
from spokeshave.emulation.linux import PYTHON_FILE, Source
from spokeshave.emulation.pypi import fetch_wheel, origin_of
from spokeshave.emulation.steps import SetUpError, Tool, say, step, whole_folder
from spokeshave.emulation.trial import tried
from spokeshave.errors import Problem
from spokeshave.foreign_python import ForeignPython, Origin
from spokeshave.report import write_report

_LOADER = "root/usr/lib/x86_64-linux-musl/libc.so"
_REMEDY = "If it is not the disk that is full, please report this: the same sources and compiler worked elsewhere."
# Modules of libraries that would have to be compiled for musl first.
MISSING = ("bz2", "ctypes", "lzma", "readline", "sqlite3", "ssl", "zlib")
_CONFIGURED = (
    *("CXX=/bin/false", "PKG_CONFIG=/bin/false", "CFLAGS=-O1 -g0 -Wno-date-time", "LDFLAGS="),
    *("--quiet", "--disable-test-modules", "--without-ensurepip", "--without-static-libpython"),
)


def musl(folder: Path, guest: Guest, source: Source) -> Emulator:
    """musl's one file, which is both loader and library; what is there already stays."""
    place = folder / guest.emulator_folder
    there = Emulator.read(place)
    if there:
        return there
    with step(f"musl from Debian {MUSL_SUITE}"), whole_folder(place) as new:
        origins = source.root(MUSL_SUITE, source.host).download(["musl"], new / "packages")
        unpack(new / "packages", new / "root")
        shutil.rmtree(new / "packages")
        made = Emulator(place / _LOADER, f"musl {upstream_version(origins[0].version)}", tuple(origins))
        made.write(new)
    return made


def musl_python(place: Path, guest: Guest, version: str, folder: Path, source: Source) -> ForeignPython:
    """CPython from Debian's source package, compiled with zig, at ``place``."""
    if shutil.which("make") is None:
        message = "is needed to compile CPython, and is not on PATH"
        raise SetUpError(Problem("make", message, "Install it, or test on a machine with musl (docs/emulation.md)."))
    loader = musl(folder, guest, source)
    say("  CPython for musl is compiled here, which takes some minutes")
    with step(f"Python {version} for musl (23 MB of sources, 101 MB for zig)"), whole_folder(place) as new:
        build = new / "build"
        build.mkdir()
        origins = _fetch_source(version, build, source)
        origins.append(_fetch_zig(build, source))
        _compile(build, loader, place)
        shutil.copytree(build / f"out{place}", new / "python", symlinks=True)
        shutil.rmtree(build)
        found = tried(_python(new / "python", guest, version, loader, origins), new, without=MISSING)
        python = replace(_python(place / "python", guest, version, loader, origins), version=found.version)
        write_report(new / PYTHON_FILE, python.as_json())
    return python


def _fetch_source(version: str, build: Path, source: Source) -> list[Origin]:
    fetched = source.root(MUSL_SUITE, source.host).download_source(f"python{version}", build / "package")
    with tarfile.open(source_archive(build / "package")) as tar:
        tar.extractall(build / "unpacked")
    next((build / "unpacked").iterdir()).rename(build / "cpython")
    return fetched


def _fetch_zig(build: Path, source: Source) -> Origin:
    wheel = next((source.work / "zig").glob("ziglang-*.whl"), None) or fetch_wheel("ziglang", source.work / "zig")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(build / "zig", [name for name in archive.namelist() if name.startswith("ziglang/")])
    (build / "zig/ziglang/zig").chmod(0o755)
    return origin_of(wheel)


def _compile(build: Path, loader: Emulator, place: Path) -> None:
    zig = build / "zig/ziglang/zig"
    flags = f"-target x86_64-linux-musl -dynamic -Wl,--dynamic-linker={loader.path}"
    _write_script(build / "cc", f'exec "{zig}" cc {flags} "$@"')
    _write_script(build / "ar", f'exec "{zig}" ar "$@"')
    # configure knows musl by a name that its headers define and the compiler's own do not.
    preprocessor = f"{build}/cc -E -D__DEFINED_va_list"
    variables = {"ZIG_GLOBAL_CACHE_DIR": str(build / "cache"), "ZIG_LOCAL_CACHE_DIR": str(build / "cache")}
    tool, sources = Tool(_REMEDY, variables), build / "cpython"
    programs = (f"CC={build}/cc", f"CPP={preprocessor}", f"AR={build}/ar")
    tool.run(["./configure", *programs, *_CONFIGURED, f"--prefix={place}"], sources)
    tool.run(["make", "--silent", f"--jobs={os.cpu_count() or 1}"], sources)
    tool.run(["make", "--silent", "install", f"DESTDIR={build}/out"], sources)


def _write_script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def _python(python: Path, guest: Guest, version: str, loader: Emulator, origins: list[Origin]) -> ForeignPython:
    # The program names its loader, so nothing stands in front of it.
    return ForeignPython(
        name=guest.python_name(version),
        system=guest.system,
        system_version=".".join(loader.title.split()[1].split(".")[:2]),
        architecture=guest.architecture,
        version=version,
        emulator=loader.title,
        launcher=(),
        executable=str(python / "bin" / f"python{version}"),
        origins=(*loader.origins, *origins),
    )
