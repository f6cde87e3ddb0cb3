"""Packages of Debian, of any suite and architecture, through an apt root of our own (`spokeshave_core.apt`)."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spokeshave.emulation.digests import sha256_of
from spokeshave.errors import Problem
from spokeshave.pythons.foreign import Origin
from spokeshave.setup_steps import SetUpError, Tool
from spokeshave_core.apt import (
    CONFIGURATION,
    FOLDERS,
    KEYRING,
    MIRROR,
    MIRROR_COMMAND,
    REACH,
    REACH_COMMAND,
    SOURCES,
    STATUS,
    apt_configuration,
    apt_sources,
)

_REMEDY = (
    "Check the network and this machine's apt configuration (`apt-get update` has to work), then run the command "
    "again: what is done already is kept. --mirror gives the address of another mirror of Debian."
)
_INSTALLED = re.compile(r"^Inst (?P<name>\S+) \((?P<version>\S+) ")
# Needed to configure packages in a system, and never by a Python that is only unpacked.
_LEFT_OUT = frozenset({"debconf", "dpkg", "install-info", "media-types", "netbase", "sensible-utils", "tar", "tzdata"})


@dataclass(frozen=True)
class AptRoot:
    """A private apt root for one suite and one architecture, below a folder."""

    folder: Path
    mirror: str
    suite: str
    architecture: str

    @property
    def _apt(self) -> Tool:
        return Tool(_REMEDY, {"APT_CONFIG": str(self.folder / CONFIGURATION), "LC_ALL": "C.UTF-8"})

    @cached_property
    def _updated(self) -> bool:
        """Fetch the index, once; in a folder that is left over from before, apt fetches only what is new."""
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / STATUS).touch()
        self._write_sources("deb")
        reach = _reaching_mirrors(self.folder)
        (self.folder / CONFIGURATION).write_text(apt_configuration(str(self.folder), self.architecture, reach))
        self._apt.run(["apt-get", "update", "--quiet", "--error-on=any"], self.folder)
        return True

    def _write_sources(self, *kinds: str) -> None:
        (self.folder / SOURCES).write_text(apt_sources(self.mirror, self.suite, self.architecture, *kinds))

    def closure(self, *packages: str) -> list[str]:
        """The packages with all that they need, as ``name=version``, less what only configures a system."""
        assert self._updated
        planned = self._apt.run(["apt-get", "install", "--simulate", "--quiet", *packages], self.folder)
        found = [match for match in map(_INSTALLED.match, planned.splitlines()) if match]
        return [f"{match['name']}={match['version']}" for match in found if match["name"] not in _LEFT_OUT]

    def download(self, packages: Sequence[str], destination: Path) -> list[Origin]:
        """Fetch packages as files; apt refuses one whose hash is not the signed index's."""
        assert self._updated
        destination.mkdir(parents=True, exist_ok=True)
        self._apt.run(["apt-get", "download", "--quiet", *packages], destination)
        return origins_of(destination)

    def download_source(self, package: str, destination: Path) -> list[Origin]:
        """Fetch a source package's files; apt refuses one whose hash is not the signed index's."""
        assert self._updated
        destination.mkdir(parents=True, exist_ok=True)
        self._write_sources("deb", "deb-src")
        self._apt.run(["apt-get", "update", "--quiet", "--error-on=any"], self.folder)
        self._apt.run(["apt-get", "source", "--quiet", "--download-only", package], destination)
        archive = source_archive(destination)
        return [Origin(f"{package}:source", archive.name.split("_")[1].partition(".orig")[0], sha256_of(archive))]


def unpack(packages: Path, destination: Path) -> None:
    """Unpack every package of a folder into a root, which then works wherever it lies."""
    for package in sorted(packages.glob("*.deb")):
        Tool("Install dpkg.", {}).run(["dpkg-deb", "--extract", package, destination], packages)
    make_relocatable(destination)


def make_relocatable(root: Path) -> None:
    """Give a merged root its ``/lib``, and let links that say where to in the system say it from their own place."""
    for name in ("bin", "lib", "lib64"):
        if not (root / name).exists() and (root / "usr" / name).is_dir():
            (root / name).symlink_to(f"usr/{name}")
    for link in [path for path in root.rglob("*") if path.is_symlink()]:
        target = os.readlink(link)
        if target.startswith("/"):
            link.unlink()
            depth = len(link.relative_to(root).parts) - 1
            link.symlink_to("../" * depth + target.lstrip("/"))


def find_mirror(given: str | None, folder: Path) -> str:
    """The mirror of Debian that this machine's apt uses, or the given one; raises `SetUpError` where there is none."""
    _check_tools()
    if given:
        return given
    lines = Tool(_REMEDY, {}).run(MIRROR_COMMAND, folder)
    for match in filter(None, map(re.compile(MIRROR).match, lines.splitlines())):
        return match[1]
    message = "names no mirror of Debian's main archive"
    raise SetUpError(Problem("this machine's apt configuration", message, "Give the address of one by --mirror."))


def _check_tools() -> None:
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        remedy = (
            "Run this on Debian or Ubuntu; on others test wheels on a machine of their platform (docs/emulation.md)."
        )
        raise SetUpError(Problem(", ".join(missing), "is not on PATH, and packages come from Debian", remedy))
    if not Path(KEYRING).is_file():
        remedy = "Install the package debian-archive-keyring."
        raise SetUpError(Problem(KEYRING, "has Debian's keys, and is not there", remedy))


def _reaching_mirrors(folder: Path) -> str:
    dumped = Tool(_REMEDY, {}).run(REACH_COMMAND, folder)
    return "".join(f"{line}\n" for line in dumped.splitlines() if re.match(REACH, line))


def source_archive(package: Path) -> Path:
    """Upstream's archive among the files of a source package."""
    return next(file for file in package.glob("*.orig.tar.*") if file.suffix != ".asc")


def origins_of(packages: Path) -> list[Origin]:
    """The packages of a folder, by name, version and hash."""
    return [_origin(file) for file in sorted(packages.glob("*.deb"))]


def _origin(file: Path) -> Origin:
    name, version, architecture = file.stem.split("_")
    return Origin(f"{name}:{architecture}", version.replace("%3a", ":"), sha256_of(file))
