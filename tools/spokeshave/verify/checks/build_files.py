"""The check that build tools find what a wheel offers to C and C++ projects by its entry points."""

from __future__ import annotations

import configparser
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import PurePosixPath

from spokeshave.verify.findings import Subject, finding
from spokeshave.wheel.location import Location, Root
from spokeshave.wheel.scripts import read_entry_points
from spokeshave_core.outcomes import Rule
from spokeshave_core.reports.verify import Finding

_GROUPS = ("cmake.root", "cmake.prefix", "cmake.module", "pkg_config")
_REMEDY = (
    "Set the `cmake` or `pkg_config` field of the wheel, which generates file and entry point, or correct the entry "
    "point in pyproject.toml."
)


def check_build_files(subject: Subject) -> Iterator[Finding]:
    """Check that each entry point for build tools names a folder of the wheel with a file that they read."""
    place = f"{subject.tree.dist_info}/entry_points.txt"
    try:
        points = read_entry_points(subject.tree, _GROUPS)
    except (configparser.Error, UnicodeDecodeError):
        return  # reported with the form of the file
    locations = [Location.of(file) for file in subject.tree.files] if points else []
    installed = [each.path for each in locations if each and each.root is Root.PACKAGES]
    for point in points:
        folder = point.value.replace(".", "/")
        files = [file for file in installed if file.startswith(f"{folder}/")]
        fault = _fault(point, folder, files)
        if fault:
            yield finding(Rule.ENTRY_POINT, f"{place}: {point.group}.{point.name}", fault, _REMEDY)


def _fault(point: EntryPoint, folder: str, files: Iterable[str]) -> str:
    """Return what a build tool would miss. Empty if it finds all."""
    paths = [PurePosixPath(file) for file in files]
    if not paths:
        return f"names {point.value}, but the wheel has no files in {folder}"
    wanted = (f"{point.name}config.cmake", f"{point.name}-config.cmake")
    if point.group == "cmake.root" and not any(path.name.lower() in map(str.lower, wanted) for path in paths):
        return f"names {point.value}, but {folder} has no {point.name}Config.cmake"
    direct = (path for path in paths if path.parent == PurePosixPath(folder))
    if point.group == "pkg_config" and not any(path.suffix == ".pc" for path in direct):
        return f"names {point.value}, but {folder} has no .pc file"
    return ""
