"""Debian packages of any suite and architecture, through a private apt root (`spokeshave_core.apt`)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spokeshave.files import sha256_of_file
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
from spokeshave_core.manifest import Origin
from spokeshave_core.problems import Problem

_REMEDY = (
    "Check the network and this machine's apt configuration (`apt-get update` has to work), then run the command "
    "again; finished steps are kept. --mirror gives the address of another mirror of Debian."
)
_UPDATE = ("apt-get", "update", "--quiet", "--error-on=any")
_INSTALLED = re.compile(r"^Inst (?P<name>\S+) \((?P<version>\S+) ")
# Packages that are needed to configure a system and never by a Python that is only unpacked.
_LEFT_OUT = frozenset({"debconf", "dpkg", "install-info", "media-types", "netbase", "sensible-utils", "tar", "tzdata"})


@dataclass(frozen=True)
class AptRoot:
    """A private apt root for one suite and one architecture, below a directory."""

    folder: Path
    mirror: str
    suite: str
    architecture: str

    @cached_property
    def _apt(self) -> Tool:
        """Return apt with a current index, which is downloaded on first use. Later runs download only new parts."""
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / STATUS).touch()
        self._write_sources("deb")
        reach = _reaching_mirrors(self.folder)
        (self.folder / CONFIGURATION).write_text(apt_configuration(str(self.folder), self.architecture, reach))
        apt = Tool(_REMEDY, {"APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C.UTF-8"})
        apt.run(_UPDATE, self.folder)
        return apt

    def _write_sources(self, *kinds: str) -> None:
        (self.folder / SOURCES).write_text(apt_sources(self.mirror, self.suite, self.architecture, *kinds))

    def closure(self, *packages: str) -> list[str]:
        """Return packages with all dependencies, as `name=version`, without those that only configure a system."""
        planned = self._apt.run(["apt-get", "install", "--simulate", "--quiet", *packages], self.folder)
        found = [match for match in map(_INSTALLED.match, planned.splitlines()) if match]
        return [f"{match['name']}={match['version']}" for match in found if match["name"] not in _LEFT_OUT]

    def download(self, packages: Sequence[str], destination: Path) -> list[Origin]:
        """Download packages as files. apt refuses files whose hash is not in the signed index."""
        destination.mkdir(parents=True, exist_ok=True)
        self._apt.run(["apt-get", "download", "--quiet", *packages], destination)
        return origins_of(destination)

    def download_source(self, package: str, destination: Path) -> list[Origin]:
        """Download a source package's files. apt refuses files whose hash is not in the signed index."""
        destination.mkdir(parents=True, exist_ok=True)
        apt = self._apt
        self._write_sources("deb", "deb-src")
        apt.run(_UPDATE, self.folder)
        apt.run(["apt-get", "source", "--quiet", "--download-only", package], destination)
        archive = source_archive(destination)
        return [
            Origin(f"{package}:source", archive.name.split("_")[1].partition(".orig")[0], sha256_of_file(archive)[0])
        ]


def unpack(packages: Path, destination: Path) -> None:
    """Unpack all packages of a directory into a relocatable root."""
    for package in sorted(packages.glob("*.deb")):
        Tool("Install dpkg.", {}).run(["dpkg-deb", "--extract", package, destination], packages)
    make_relocatable(destination)


def make_relocatable(root: Path) -> None:
    """Create `/lib` in a merged root, and make absolute links relative."""
    for name in ("bin", "lib", "lib64"):
        if not (root / name).exists() and (root / "usr" / name).is_dir():
            (root / name).symlink_to(f"usr/{name}")
    for link in [path for path in root.rglob("*") if path.is_symlink()]:
        target = str(link.readlink())
        if target.startswith("/"):
            link.unlink()
            depth = len(link.relative_to(root).parts) - 1
            link.symlink_to("../" * depth + target.lstrip("/"))


def find_mirror(given: str | None, folder: Path) -> str:
    """Return the Debian mirror of this machine's apt configuration, or the given one.

    Raises:
        SetUpError: If there is none.
    """
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
            "Run this on Debian or Ubuntu; on other systems, test wheels on a machine of their platform and use its "
            "reports (docs/emulation.md)."
        )
        raise SetUpError(Problem(", ".join(missing), "is not on PATH, and packages come from Debian", remedy))
    if not Path(KEYRING).is_file():
        remedy = "Install the package debian-archive-keyring."
        raise SetUpError(Problem(KEYRING, "does not exist; it should contain Debian's keys", remedy))


def _reaching_mirrors(folder: Path) -> str:
    dumped = Tool(_REMEDY, {}).run(REACH_COMMAND, folder)
    return "".join(f"{line}\n" for line in dumped.splitlines() if re.match(REACH, line))


def source_archive(package: Path) -> Path:
    """Return upstream's archive among the files of a source package."""
    return next(file for file in package.glob("*.orig.tar.*") if file.suffix != ".asc")


def origins_of(packages: Path) -> list[Origin]:
    """Return the packages of a directory, by name, version and hash."""
    return [_origin(file) for file in sorted(packages.glob("*.deb"))]


def _origin(file: Path) -> Origin:
    name, version, architecture = file.stem.split("_")
    return Origin(f"{name}:{architecture}", version.replace("%3a", ":"), sha256_of_file(file)[0])
