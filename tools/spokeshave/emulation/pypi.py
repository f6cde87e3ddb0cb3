"""Wheels from PyPI, by the hashes of a requirements file, from the index of this machine's pip configuration."""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.setup_steps import Tool
from spokeshave_core.manifest import Origin
from spokeshave_core.requirement_lines import requirement_lines

PINS = Path(__file__).with_name("windows-pythons.txt")
_REMEDY = "Check the network and pip's settings (PIP_INDEX_URL, PIP_PROXY, PIP_CERT), then run the command again."


def fetch_wheel(name: str, folder: Path, platform: Sequence[str] = ()) -> Path:
    """Download the wheel of one pinned distribution, for this machine or for the platform in pip's options."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = folder / f"{name}.txt"
    pins.write_text(_pin(name), "utf-8")
    command = [*_pip(folder), "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    Tool(_REMEDY, {}).run([*command, *platform, "--dest", folder, "--requirement", pins], folder)
    return max(folder.glob(f"{name}-*.whl"), key=lambda path: path.stat().st_mtime)


def fetch_zig(work: Path) -> Path:
    """Download the pinned wheel of zig, once per run."""
    return next((work / "zig").glob("ziglang-*.whl"), None) or fetch_wheel("ziglang", work / "zig")


def origin_of(wheel: Path) -> Origin:
    """Return the name, version and hash of a wheel."""
    name, version = wheel.name.split("-")[:2]
    return Origin(name, version, sha256_of_file(wheel)[0])


def extract(wheel: Path, prefix: str, destination: Path) -> list[Path]:
    """Extract the files of a wheel whose names begin with a prefix, into one directory."""
    destination.mkdir(parents=True, exist_ok=True)
    found = []
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(prefix) and not name.endswith("/"):
                file = destination / name.rpartition("/")[2]
                file.write_bytes(archive.read(name))
                found.append(file)
    return found


def _pin(name: str) -> str:
    """Return the entry of one distribution."""
    lines = requirement_lines(PINS.read_text("utf-8"))
    return next(f"{line.text}\n" for line in lines if line.requirement.startswith(f"{name}=="))


def _pip(folder: Path) -> list[str | Path]:
    """Return this Python's pip, or that of a temporary environment, because Debian's Python has none."""
    general = ["--disable-pip-version-check", "--no-input"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", *general]
    place = folder / "pip"
    if not (place / "bin/python").exists():
        Tool("Install Python's venv module.", {}).run([sys.executable, "-m", "venv", place], folder)
    return [place / "bin/python", "-m", "pip", *general]
