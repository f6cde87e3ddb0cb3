"""Pythons for musl. There is no published relocatable one, so CPython is compiled, and Debian's musl loads it.

Nothing is emulated: the processor is this machine's, and the program contains the path of its loader.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from spokeshave.emulation.apt import unpack
from spokeshave.emulation.catalogue import MUSL_SUITE, Guest
from spokeshave.emulation.cpython import LACKING, MuslBuild, check_machine
from spokeshave.emulation.emulator import Emulator, upstream_version
from spokeshave.emulation.linux import PYTHON_FILE, Source
from spokeshave.emulation.trial import first_start
from spokeshave.report import write_report
from spokeshave.setup_steps import SetUpError, step, whole_folder
from spokeshave_core.manifest import ForeignPython, Origin
from spokeshave_core.platform import System
from spokeshave_core.problems import Problem


def musl(folder: Path, guest: Guest, source: Source) -> Emulator:
    """Install musl, one file that is the loader and the C library. An existing one is kept."""
    place = folder / guest.emulator_folder
    existing = Emulator.read(place)
    if existing:
        return existing
    with step(f"musl from Debian {MUSL_SUITE}"), whole_folder(place) as new:
        origins = source.root(MUSL_SUITE, guest.debian).download(["musl"], new / "packages")
        unpack(new / "packages", new / "unpacked")
        loader = lay_out(new, guest.architecture)
        for folder_name in ("packages", "unpacked"):
            shutil.rmtree(new / folder_name)
        title = f"musl {upstream_version(origins[0].version)}"
        installed = Emulator(place / loader.relative_to(new), title, tuple(origins))
        installed.write(new)
    return installed


def lay_out(new: Path, architecture: str) -> Path:
    """Install the loader in a root directory. `packaging` finds the version of musl by the loader's name and output.

    The loader reads its settings from a path relative to its own directory. The empty search path prevents a wheel
    without its own libraries from finding this machine's, which are for another C library.
    """
    name = f"ld-musl-{architecture}"
    (new / "lib").mkdir()
    (new / "etc").mkdir()
    (new / f"etc/{name}.path").touch()
    loader = new / f"lib/{name}.so.1"
    shutil.copy2((new / f"unpacked/lib/{name}.so.1").resolve(), loader)
    loader.chmod(0o755)
    return loader


def musl_python(place: Path, guest: Guest, version: str, folder: Path, source: Source) -> ForeignPython:
    """Install CPython at `place`, compiled from Debian's sources of that version."""
    if source.host != guest.debian:
        message = f"runs on {guest.architecture} only, and this machine has another processor"
        raise SetUpError(Problem(f"{guest.tag} Python {version}", message, f"Run this on {guest.architecture}."))
    check_machine(folder)
    loader = musl(folder, guest, source)
    build = MuslBuild(
        folder=source.work / guest.python_name(version),
        version=version,
        architecture=guest.architecture,
        loader=loader.path,
    )
    origins = build.fetch(source)
    build.compile()
    with step(f"Python {version} for musl, installed and tested"), whole_folder(place) as new:
        build.install(new / "python")
        found = first_start(_python(new / "python", guest, version, loader, origins), new, without=LACKING)
        python = replace(_python(place / "python", guest, version, loader, origins), version=found.version)
        write_report(new / PYTHON_FILE, python.as_json())
    return python


def _python(python: Path, guest: Guest, version: str, loader: Emulator, origins: list[Origin]) -> ForeignPython:
    return ForeignPython(
        name=guest.python_name(version),
        system=System(guest.system),
        system_version=loader.title.partition(" ")[2],
        architecture=guest.architecture,
        version=version,
        emulator=loader.title,
        launcher=(),
        executable=str(python / "bin" / f"python{version}"),
        origins=(*loader.origins, *origins),
    )
