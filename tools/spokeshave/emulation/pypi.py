"""Wheels from PyPI, by the hashes of a requirements file; pip goes to the index that this machine is configured for."""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from spokeshave.emulation.digests import sha256_of
from spokeshave.pythons.foreign import Origin
from spokeshave.setup_steps import Tool

PINS = Path(__file__).with_name("windows-pythons.txt")
_REMEDY = "Check the network and pip's settings (PIP_INDEX_URL, PIP_PROXY, PIP_CERT), then run the command again."


def fetch_wheel(name: str, folder: Path, platform: Sequence[str] = ()) -> Path:
    """One pinned distribution's wheel, for this machine or for the platform that pip's options name."""
    folder.mkdir(parents=True, exist_ok=True)
    pins = folder / f"{name}.txt"
    pins.write_text(_pin(name), "utf-8")
    command = [*_pip(folder), "download", "--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    Tool(_REMEDY, {}).run([*command, *platform, "--dest", folder, "--requirement", pins], folder)
    return max(folder.glob(f"{name}-*.whl"), key=lambda path: path.stat().st_mtime)


def fetch_zig(work: Path) -> Path:
    """The pinned wheel of zig, fetched once for all that are set up in one go."""
    return next((work / "zig").glob("ziglang-*.whl"), None) or fetch_wheel("ziglang", work / "zig")


def origin_of(wheel: Path) -> Origin:
    """A wheel by its name, version and hash."""
    name, version = wheel.name.split("-")[:2]
    return Origin(name, version, sha256_of(wheel))


def extract(wheel: Path, prefix: str, destination: Path) -> list[Path]:
    """The files of a wheel whose names begin so, side by side in a folder."""
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
    """The lines of one distribution."""
    lines = []
    wanted = False
    for line in PINS.read_text("utf-8").splitlines():
        wanted = line.startswith(f"{name}==") or (wanted and line.startswith(" "))
        lines += [line] if wanted and "#" not in line else []
    return "\n".join(lines).rstrip("\\ ") + "\n"


def _pip(folder: Path) -> list[str | Path]:
    """This Python's pip, or that of an environment made for it: Debian's Python has none."""
    general = ["--disable-pip-version-check", "--no-input"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", *general]
    place = folder / "pip"
    if not (place / "bin/python").exists():
        Tool("Install Python's venv module.", {}).run([sys.executable, "-m", "venv", place], folder)
    return [place / "bin/python", "-m", "pip", *general]
