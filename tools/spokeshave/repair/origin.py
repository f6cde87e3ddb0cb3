"""The distribution that a grafted library is from: the installed one whose RECORD lists the library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from packaging.metadata import parse_email
from packaging.utils import canonicalize_name

from spokeshave.errors import InvalidWheelError
from spokeshave.linkage.library_search import find_libraries
from spokeshave.wheel.record import parse_record
from spokeshave_core.components import Component, package_url
from spokeshave_core.wheel_name import DIST_INFO, split_dist_info

# How far a library may be below site-packages: `numpy.libs/libx.so`, or `pkg/sub/lib/libx.so`.
_DEPTH = 6


def origins_of(names: Iterable[str], library_dirs: Sequence[Path]) -> dict[str, Component]:
    """Return the distributions that installed libraries in one of the folders, as far as they are known, by name."""
    origins = {name: origin_of(name, library_dirs) for name in names}
    return {name: origin for name, origin in origins.items() if origin}


def origin_of(name: str, library_dirs: Sequence[Path]) -> Component | None:
    """Return the distribution that installed a library in one of the folders. None if none did."""
    file = PurePosixPath(name).name
    found = find_libraries(file, library_dirs, ignore_case=True)
    if not found:
        return None
    # Only Windows ignores the case. Elsewhere a library of another case is another one.
    library = next((path for path in found if path.name == file), found[0]).absolute()
    for folder in tuple(library.parents)[:_DEPTH]:
        path = library.relative_to(folder).as_posix()
        for information in sorted(folder.glob(f"*{DIST_INFO}")):
            if _lists(information / "RECORD", path):
                return _component(information)
    return None


def _lists(record: Path, path: str) -> bool:
    try:
        return path in parse_record(record.read_bytes(), str(record))
    except (OSError, InvalidWheelError):
        return False


def _component(information: Path) -> Component:
    name, version = split_dist_info(information.name)
    name = canonicalize_name(name)
    return Component(
        name=name,
        version=version,
        purl=package_url(name, version),
        license=_license(information / "METADATA"),
    )


def _license(metadata: Path) -> str | None:
    """Return what METADATA states in License-Expression, else in License. The text of a license is left out."""
    try:
        fields, _ = parse_email(metadata.read_bytes())
    except OSError:
        return None
    text = fields.get("license_expression") or fields.get("license", "")
    lines = text.strip().splitlines()
    return lines[0] if len(lines) == 1 and lines[0] != "UNKNOWN" else None
