"""Packages by others, downloaded from the package index by hash, with projects of ours copied over them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from unearth import Link, PackageFinder

from e2e.support.project import PROJECTS, Project
from spokeshave_core.requirement_lines import requirement_lines


@dataclass(frozen=True)
class Upstream:
    """A project's release: its sdist, unpacked, and some of its wheels."""

    source: Path
    wheels: tuple[Path, ...]

    def wheel(self, tag: str) -> Path:
        """Return the project's own wheel with a tag, such as `cp312-cp312`."""
        (found,) = [wheel for wheel in self.wheels if f"-{tag}-" in wheel.name]
        return found


@dataclass(frozen=True)
class _Pin:
    """A distribution and the SHA-256 of each of its files that a requirements file pins."""

    name: str
    hashes: tuple[str, ...]


def _pins(file: Path) -> list[_Pin]:
    return [
        _Pin(Requirement(line.requirement).name, tuple(value.partition(":")[2] for value in line.hashes))
        for line in requirement_lines(file.read_text())
    ]


def fetch(pins: Path, place: Path) -> Upstream:
    """Download every file of a distribution that a requirements file pins by hash, without running its code."""
    (pin,) = _pins(pins)
    # Selected by hash only: the files are for other Pythons than the running one.
    finder = PackageFinder(ignore_compatibility=True)
    packages = [
        package
        for pinned in pin.hashes
        for package in finder.find_all_packages(pin.name, allow_yanked=True, hashes={"sha256": [pinned]})
    ]
    assert len(packages) == len(pin.hashes), f"of the {len(pin.hashes)} files in {pins}, the index has {len(packages)}"
    hashes = list(pin.hashes)
    wheels = [finder.download(p.link, place, {"sha256": hashes}) for p in packages if p.link.is_wheel]
    (sdist,) = [package for package in packages if not package.link.is_wheel]
    source = finder.download_and_unpack(sdist.link, place / "source", place, {"sha256": hashes})
    return Upstream(source, tuple(wheels))


def fetch_sdists(pins: Path, place: Path) -> dict[str, Path]:
    """Return the unpacked sdists that a requirements file pins by one hash each, by name."""
    sources: dict[str, Path] = {}
    for pin in _pins(pins):
        finder, link, hashes = _find(pin)
        sources[pin.name] = finder.download_and_unpack(link, place / pin.name, place, hashes)
    return sources


def fetch_files(pins: Path, place: Path) -> dict[str, Path]:
    """Return the files that a requirements file pins by one hash each, by name, each in a folder of its own."""
    files: dict[str, Path] = {}
    for pin in _pins(pins):
        finder, link, hashes = _find(pin)
        folder = place / pin.name
        folder.mkdir(parents=True)
        files[pin.name] = finder.download(link, folder, hashes)
    return files


def _find(pin: _Pin) -> tuple[PackageFinder, Link, dict[str, list[str]]]:
    """Return where the one file of a pin's hash is, and the finder that downloads what has these hashes."""
    hashes = {"sha256": list(pin.hashes)}
    finder = PackageFinder(ignore_compatibility=True)
    (package,) = finder.find_all_packages(pin.name, allow_yanked=True, hashes=hashes)
    return finder, package.link, hashes


def lay_over(name: str, place: Path) -> tuple[Project, Upstream]:
    """Return the unpacked sdist pinned in `tests/projects/{name}/upstream.txt`, with the directory's other files."""
    overlay = PROJECTS / name
    upstream = fetch(overlay / "upstream.txt", place)
    for file in overlay.iterdir():
        assert not (upstream.source / file.name).exists(), f"{name} has a {file.name} of its own"
        shutil.copy2(file, upstream.source)
    return Project(upstream.source), upstream
