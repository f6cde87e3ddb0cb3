"""Packages of Debian, of any suite and architecture, through an apt root of our own: the machine's own is only read.

Which mirror serves them and which proxy leads there is what this machine's apt is configured for; apt checks every
index against Debian's keys and every package against the index.
"""

from __future__ import annotations

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

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_REMEDY = (
    "Check the network and this machine's apt configuration (`apt-get update` has to work), then run the command "
    "again: what is done already is kept. --mirror gives the address of another mirror of Debian."
)
# From this machine's configuration: how mirrors are reached, and how old an index may be (a snapshot's is old). Nothing
# that would weaken a check of signatures.
_REACH = re.compile(
    r"^Acquire::(\w+::(Proxy|Timeout|CAInfo|CAPath|SslCert|SslKey|Pipeline-Depth)|\w+::Proxy::\S+"
    r"|Retries|Check-Valid-Until|Check-Date)[ :]"
)
_UPDATE = ("apt-get", "update", "--quiet", "--error-on=any")
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

    @cached_property
    def _apt(self) -> Tool:
        """apt with a current index, fetched on first use; apt fetches only what is new since an earlier run."""
        for name in ("lists/partial", "cache/archives/partial", "etc"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        self._write_sources("deb")
        (self.folder / "apt.conf").write_text(self._configuration(_reaching_mirrors(self.folder)))
        apt = Tool(_REMEDY, {"APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C.UTF-8"})
        apt.run(_UPDATE, self.folder)
        return apt

    def _write_sources(self, *kinds: str) -> None:
        trusted = f"[arch={self.architecture} signed-by={KEYRING}]"
        lines = [f"{kind} {trusted} {self.mirror} {self.suite} main\n" for kind in kinds]
        (self.folder / "sources.list").write_text("".join(lines))

    def _configuration(self, reach: str) -> str:
        empty = self.folder / "etc"
        values = {
            "Dir::State": self.folder,
            "Dir::State::lists": self.folder / "lists",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Etc::SourceList": self.folder / "sources.list",
            "Dir::Etc::SourceParts": empty,
            "Dir::Etc::Main": "/dev/null",
            "Dir::Etc::Parts": empty,
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": empty,
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
        }
        return reach + "".join(f'{key} "{value}";\n' for key, value in values.items())

    def closure(self, *packages: str) -> list[str]:
        """The packages with all that they need, as ``name=version``, less what only configures a system."""
        planned = self._apt.run(["apt-get", "install", "--simulate", "--quiet", *packages], self.folder)
        found = [match for match in map(_INSTALLED.match, planned.splitlines()) if match]
        return [f"{match['name']}={match['version']}" for match in found if match["name"] not in _LEFT_OUT]

    def download(self, packages: Sequence[str], destination: Path) -> list[Origin]:
        """Fetch packages as files; apt refuses one whose hash is not the signed index's."""
        destination.mkdir(parents=True, exist_ok=True)
        self._apt.run(["apt-get", "download", "--quiet", *packages], destination)
        return origins_of(destination)

    def download_source(self, package: str, destination: Path) -> list[Origin]:
        """Fetch a source package's files; apt refuses one whose hash is not the signed index's."""
        destination.mkdir(parents=True, exist_ok=True)
        apt = self._apt
        self._write_sources("deb", "deb-src")
        apt.run(_UPDATE, self.folder)
        apt.run(["apt-get", "source", "--quiet", "--download-only", package], destination)
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
        target = str(link.readlink())
        if target.startswith("/"):
            link.unlink()
            depth = len(link.relative_to(root).parts) - 1
            link.symlink_to("../" * depth + target.lstrip("/"))


def find_mirror(given: str | None, folder: Path) -> str:
    """The mirror of Debian that this machine's apt uses, or the given one; raises `SetUpError` where there is none."""
    _check_tools()
    if given:
        return given
    format_ = "$(REPO_URI) $(COMPONENT)"
    lines = Tool(_REMEDY, {}).run(["apt-get", "indextargets", "--format", format_, "Created-By: Packages"], folder)
    for address, _, component in (line.partition(" ") for line in lines.splitlines()):
        # Debian's security archive, and what others offer, has no suite of this name and this component.
        if component == "main" and re.search(r"/debian/?$", address):
            return address
    message = "names no mirror of Debian's main archive"
    raise SetUpError(Problem("this machine's apt configuration", message, "Give the address of one by --mirror."))


def _check_tools() -> None:
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing:
        remedy = (
            "Run this on Debian or Ubuntu; on others test wheels on a machine of their platform (docs/emulation.md)."
        )
        raise SetUpError(Problem(", ".join(missing), "is not on PATH, and packages come from Debian", remedy))
    if not KEYRING.is_file():
        remedy = "Install the package debian-archive-keyring."
        raise SetUpError(Problem(str(KEYRING), "has Debian's keys, and is not there", remedy))


def _reaching_mirrors(folder: Path) -> str:
    dumped = Tool(_REMEDY, {}).run(["apt-config", "dump", "Acquire"], folder)
    return "".join(f"{line}\n" for line in dumped.splitlines() if _REACH.match(line))


def source_archive(package: Path) -> Path:
    """Upstream's archive among the files of a source package."""
    return next(file for file in package.glob("*.orig.tar.*") if file.suffix != ".asc")


def origins_of(packages: Path) -> list[Origin]:
    """The packages of a folder, by name, version and hash."""
    return [_origin(file) for file in sorted(packages.glob("*.deb"))]


def _origin(file: Path) -> Origin:
    name, version, architecture = file.stem.split("_")
    return Origin(f"{name}:{architecture}", version.replace("%3a", ":"), sha256_of(file))
