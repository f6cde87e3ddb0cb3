"""Releases of C libraries from the source packages of this machine's Debian, by apt and checked by their hash.

The indexes of Python have none of them. A project names the archives that it builds in `debian.txt`, one a line:
the source package, the archive, and its sha256.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from e2e.support.project import sha256

PINS = "debian.txt"
_LISTS = Path("/etc/apt/sources.list.d")


def fetch_pinned(directory: Path) -> None:
    """Put the archives that `debian.txt` of a directory names into the directory."""
    pins = directory / PINS
    for line in pins.read_text().splitlines() if pins.exists() else ():
        package, archive, digest = line.split()
        with tempfile.TemporaryDirectory(prefix="spokeshave-debian-") as folder:
            _fetch(package, Path(folder))
            found = (Path(folder) / archive).read_bytes() if (Path(folder) / archive).exists() else None
            assert found is not None, f"the source package {package} of this Debian has no {archive}"
            (directory / archive).write_bytes(found)
        actual = sha256(directory / archive)
        assert actual == digest, f"{archive} has the sha256 {actual}, and not {digest}"


def _fetch(package: str, folder: Path) -> None:
    """Download a source package, with apt's lists in the folder, as the lists of sources are seldom configured."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    sources = folder / "source.sources"
    sources.write_text("\n".join(_source_lists(path.read_text()) for path in sorted(_LISTS.glob("*.sources"))))
    options = (
        f"Dir::Etc::sourcelist={sources}",
        "Dir::Etc::sourceparts=-",
        f"Dir::State::lists={folder / 'lists'}",
        f"Dir::Cache={folder / 'cache'}",
        "APT::Sandbox::User=root",
    )
    apt = ("apt-get", "-qq", *(f"-o{option}" for option in options))
    for arguments in (("update",), ("source", "--download-only", package)):
        subprocess.run([*apt, *arguments], cwd=folder, check=True, stdin=subprocess.DEVNULL)


def _source_lists(text: str) -> str:
    """Return deb822 text with the lists of source packages in place of those of binary ones."""
    return text.replace("Types: deb\n", "Types: deb-src\n")
