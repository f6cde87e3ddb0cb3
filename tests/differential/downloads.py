"""Files of published projects, chosen by name and pinned by hash, in a cache outside of the repository.

`pins/NAME.in` has a line for each file: a distribution, and a glob of the file's name. `pins/NAME.txt` has its version
and its hash; `run --pin NAME` writes it.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from unearth import Package, PackageFinder

from spokeshave_core.requirement_lines import requirement_lines

PINS = Path(__file__).parent / "pins"


class UnpinnableFileError(Exception):
    """A file that the index does not have."""


@dataclass(frozen=True)
class Pin:
    """A file of a distribution, by its hash."""

    name: str
    version: str
    sha256: str


def read_pins(file: Path) -> list[Pin]:
    """Return the pinned files of a requirements file."""
    return [
        Pin(name=requirement.name, version=str(requirement.specifier).lstrip("="), sha256=value.partition(":")[2])
        for line in requirement_lines(file.read_text("utf-8"))
        for requirement in [Requirement(line.requirement)]
        for value in line.hashes
    ]


def fetch_pinned(name: str, cache: Path) -> list[Path]:
    """Return the files of `pins/NAME.txt`, downloaded if the cache lacks them."""
    return [_fetch(pin, cache / "files") for pin in read_pins(PINS / f"{name}.txt")]


def _fetch(pin: Pin, files: Path) -> Path:
    folder = files / pin.sha256
    found = [path for path in folder.glob("*") if sha256_of(path) == pin.sha256]
    if found:
        return found[0]
    # Chosen by hash only: the files are for other systems and Pythons than the running ones.
    finder = PackageFinder(ignore_compatibility=True)
    hashes = {"sha256": [pin.sha256]}
    packages = list(finder.find_all_packages(pin.name, allow_yanked=True, hashes=hashes))
    if not packages:
        raise UnpinnableFileError(f"{pin.name} {pin.version}: the index has no file with the hash {pin.sha256}")
    folder.mkdir(parents=True, exist_ok=True)
    return finder.download(packages[0].link, folder, hashes)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_pins(name: str) -> None:
    """Choose the newest file of each line of `pins/NAME.in`, and write `pins/NAME.txt`.

    Raises:
        UnpinnableFileError: If no file of a distribution has such a name.
    """
    source = PINS / f"{name}.in"
    lines = [line.split() for line in source.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    pins = [_newest(distribution, glob) for distribution, glob in lines]
    (PINS / f"{name}.txt").write_text("".join(_lines(pins)), "utf-8")


def _newest(name: str, glob: str) -> Pin:
    for package in PackageFinder(ignore_compatibility=True).find_all_packages(name):
        link = package.link
        hashes = link.hash_option or {}
        if fnmatch.fnmatchcase(link.filename, glob) and hashes.get("sha256") and _is_release(package):
            return Pin(name=name, version=package.version or "", sha256=hashes["sha256"][0])
    raise UnpinnableFileError(f"{name}: the index has no file {glob}")


def _is_release(package: Package) -> bool:
    version = package.version or ""
    return bool(version) and all(character.isdigit() or character == "." for character in version.replace("post", ""))


def _lines(pins: list[Pin]) -> Iterator[str]:
    versions = sorted({(pin.name, pin.version) for pin in pins})
    for name, version in versions:
        hashes = sorted(pin.sha256 for pin in pins if (pin.name, pin.version) == (name, version))
        yield f"{name}=={version}" + "".join(f" \\\n    --hash=sha256:{value}" for value in hashes) + "\n"
