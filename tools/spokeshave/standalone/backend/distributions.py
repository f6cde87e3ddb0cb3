"""Build requirements as pex lays them out, and as one folder of packages."""

from __future__ import annotations

import configparser
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from spokeshave.standalone.backend.request import UserError

# What compilers, CMake, Cython and pkg-config read of an installed package.
OVERLAID_ENDINGS = (
    ".h",
    ".hh",
    ".hpp",
    ".hxx",
    ".inc",
    ".inl",
    ".ipp",
    ".tcc",
    ".a",
    ".lib",
    ".pc",
    ".cmake",
    ".pxd",
    ".pxi",
)

_LONGEST_NAME = 255
_PLUGIN_GROUPS = ("[setuptools.", "[distutils.", "[egg_info.")


def normalized(name: str) -> str:
    """Return the name of a distribution as wheels have it (PEP 503, PEP 427)."""
    return re.sub(r"[-_.]+", "_", name).lower()


def distributions(folder: Path) -> dict[str, Path]:
    """Return the folder of each distribution by its normalized name."""
    return {normalized(path.name.split("-")[0]): path for path in sorted(folder.iterdir()) if path.is_dir()}


def entry_points(distribution: Path) -> Iterator[tuple[str, str]]:
    """Return the name and the function of each program of a distribution."""
    for file in sorted(distribution.glob("*.dist-info/entry_points.txt")):
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
        except (configparser.Error, ValueError) as err:
            reason = " ".join(str(err).split())
            raise _malformed(distribution, file, reason) from err
        if parser.has_section("console_scripts"):
            for name, target in parser.items("console_scripts"):
                if not _is_file_name(name):
                    raise _malformed(distribution, file, f"{name[:_LONGEST_NAME]!r} is not the name of a program")
                yield name, target.partition("[")[0].strip()


def without_plugins(entry_points: str) -> str:
    """Return the text of an `entry_points.txt` without the groups that setuptools reads."""
    kept = []
    is_plugin = False
    for line in entry_points.splitlines():
        if line.startswith("["):
            is_plugin = line.startswith(_PLUGIN_GROUPS)
        if not is_plugin:
            kept.append(f"{line}\n")
    return "".join(kept)


def _is_file_name(name: str) -> bool:
    is_short = 0 < len(name.encode()) <= _LONGEST_NAME
    return is_short and name not in (os.curdir, os.pardir) and not re.search(r"[/\0]", name)


def _malformed(distribution: Path, file: Path, reason: str) -> UserError:
    return UserError(
        f"the build requirement {distribution.name} has a malformed {file.name} ({reason}). Pin another version of it."
    )


def merge(source: Path, target: Path, skipped: Iterable[str] = ()) -> None:
    """Lay a folder over another by links. Folders of both are merged; a file that the target has remains."""
    target.mkdir(parents=True, exist_ok=True)
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        if entry.name in skipped:
            continue
        if not os.path.lexists(place):
            place.symlink_to(entry)
        elif entry.is_dir() and place.is_dir():
            own_folder(place)
            merge(entry, place)


def own_folder(place: Path) -> None:
    """Turn a link to a folder into a folder with links to its files."""
    if place.is_symlink():
        linked = place.resolve()
        place.unlink()
        merge(linked, place)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def overlaid(distribution: Path, overlays: Iterable[Path], copy: Path) -> Path:
    """Return a copy of a distribution with files of the target's over its own."""
    shutil.copytree(distribution, copy, symlinks=True, copy_function=_link_or_copy)
    for overlay in overlays:
        for file in sorted(overlay.rglob("*")):
            place = copy / file.relative_to(overlay)
            if file.suffix.lower() in OVERLAID_ENDINGS and file.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                # A hard link is removed and not written through.
                place.unlink(missing_ok=True)
                shutil.copyfile(file, place)
    return copy
