"""Pythons of Linux with glibc: Debian's, under qemu's user-mode emulation.

A Python for this machine's own processor needs no qemu. The loader of its own root starts it with the C library of that
root, so a machine with an older C library runs the Python of a newer Debian.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from spokeshave.emulation.apt import AptRoot, origins_of, unpack
from spokeshave.emulation.catalogue import QEMU_SUITE, Guest
from spokeshave.emulation.emulator import Emulator, upstream_version
from spokeshave.emulation.trial import first_start
from spokeshave.report import write_report
from spokeshave.setup_steps import step, whole_folder
from spokeshave_core.cpython_releases import DEBIAN_SUITES
from spokeshave_core.manifest import ForeignPython, Origin
from spokeshave_core.platform import System

PYTHON_FILE = "python.json"
# Libraries that PEP 600 allows wheels to expect of a system, and that Debian's Python does not need itself.
_SYSTEM_LIBRARIES = ("libstdc++6",)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
# The loaders of the processors that a setup runs on, in a root directory.
_LOADERS = {"x86_64": "lib64/ld-linux-x86-64.so.2", "aarch64": "lib/ld-linux-aarch64.so.1"}


@dataclass(frozen=True)
class Source:
    """The origin of packages, and the directory for downloads."""

    mirror: str
    work: Path
    host: str

    def root(self, suite: str, architecture: str) -> AptRoot:
        """Return the apt root of a suite and an architecture."""
        folder = self.work / f"{suite}-{architecture}"
        folder.mkdir(parents=True, exist_ok=True)
        return AptRoot(folder=folder, mirror=self.mirror, suite=suite, architecture=architecture)


def debian_architecture(machine: str) -> str:
    """Return Debian's name of this machine's processor."""
    return _MACHINES.get(machine, machine)


def qemu(folder: Path, guest: Guest, source: Source) -> Emulator:
    """Install qemu for a guest, one static file. An existing one is kept."""
    place = folder / guest.emulator_folder
    existing = Emulator.read(place)
    if existing:
        return existing
    with (
        step(f"{guest.emulator} from Debian {QEMU_SUITE} (71 MB, once for each processor)"),
        whole_folder(place) as new,
    ):
        origins = _fetch_qemu(source)
        unpack(source.work / "qemu", new / "unpacked")
        # The package contains qemu for every processor, half a gigabyte.
        shutil.copy2((new / "unpacked/usr/bin" / guest.emulator).resolve(), new / guest.emulator)
        shutil.rmtree(new / "unpacked")
        installed = Emulator(
            place / guest.emulator, f"{guest.emulator} {upstream_version(origins[0].version)}", tuple(origins)
        )
        installed.write(new)
    return installed


def _fetch_qemu(source: Source) -> list[Origin]:
    """Download the package, which has qemu for every processor, once per run."""
    place = source.work / "qemu"
    if not place.is_dir():
        with whole_folder(place) as new:
            source.root(QEMU_SUITE, source.host).download(["qemu-user"], new)
    return origins_of(place)


def linux_python(place: Path, guest: Guest, version: str, folder: Path, source: Source) -> ForeignPython:
    """Install Debian's Python in a root directory of its own at `place`, and qemu if this machine needs it."""
    emulator = qemu(folder, guest, source) if guest.debian != source.host else None
    suite = DEBIAN_SUITES[version]
    with step(f"Python {version} for {guest.architecture} from Debian {suite}"), whole_folder(place) as new:
        apt = source.root(suite, guest.debian)
        origins = apt.download(apt.closure(f"python{version}", *_SYSTEM_LIBRARIES), new / "packages")
        unpack(new / "packages", new / "root")
        shutil.rmtree(new / "packages")
        found = first_start(described(new / "root", guest, version, emulator, origins), new)
        settled = described(place / "root", guest, version, emulator, origins)
        python = replace(settled, version=found.version, system_version=found.system_version)
        write_report(new / PYTHON_FILE, python.as_json())
    return python


def described(
    root: Path, guest: Guest, version: str, emulator: Emulator | None, origins: list[Origin]
) -> ForeignPython:
    """Return the entry of the manifest for the Python in a root directory. Without an emulator it runs natively."""
    start = _emulated(root, emulator) if emulator else _native(root, guest.architecture, origins)
    return ForeignPython(
        name=guest.python_name(version),
        system=System(guest.system),
        system_version="",
        architecture=guest.architecture,
        version=version,
        emulator=start.title,
        launcher=start.launcher,
        argv0=start.argv0,
        executable=str(root / "usr/bin" / f"python{version}"),
        origins=(*(emulator.origins if emulator else ()), *origins),
    )


@dataclass(frozen=True)
class _Start:
    """How a Python is started: the title of the program before it, its command, and its option for the own name."""

    title: str
    launcher: tuple[str, ...]
    argv0: tuple[str, ...]


def _emulated(root: Path, emulator: Emulator) -> _Start:
    return _Start(emulator.title, launcher=(str(emulator.path), "-L", str(root)), argv0=("-0",))


def _native(root: Path, architecture: str, origins: list[Origin]) -> _Start:
    """Start it by the loader of its root, without this machine's cache of libraries (ld.so(8))."""
    library = next(origin for origin in origins if origin.name.startswith("libc6:"))
    folders = (f"usr/lib/{architecture}-linux-gnu", "usr/lib")
    search = ("--inhibit-cache", "--library-path", ":".join(str(root / folder) for folder in folders))
    return _Start(
        title=f"glibc {upstream_version(library.version)}",
        launcher=(str(root / _LOADERS[architecture]), *search),
        argv0=("--argv0",),
    )
