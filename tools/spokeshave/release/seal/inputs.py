"""The files that a seal is given: wheels, sdists, their attestations, and reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spokeshave.release.record import ATTESTATION
from spokeshave_core.problems import Problems
from spokeshave_core.wheel_name import SDIST_SUFFIX, WHEEL_SUFFIX

# Distributions in formats that no index takes today. One of these in a folder is a mistake, and other files are not.
_OLD_FORMATS = (".zip", ".egg", ".tar.bz2", ".tgz", ".tar.xz", ".tar", ".exe", ".msi", ".rpm")


@dataclass(frozen=True)
class GivenFiles:
    """The distributions, and the attestations next to them."""

    distributions: tuple[Path, ...]
    attestations: tuple[Path, ...]


def find_distributions(places: Sequence[Path], problems: Problems) -> GivenFiles:
    """Return the wheels and sdists that are named, or are directly in a folder that is named, sorted by name."""
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            found += _files_in(place, problems)
        elif not place.exists():
            problems.add(str(place), "does not exist", "Give --wheels folders with wheels, or wheels.")
        elif not place.name.endswith((WHEEL_SUFFIX, SDIST_SUFFIX, ATTESTATION)):
            problems.add(str(place), "is not a wheel and not an sdist", "Name files that end with .whl or .tar.gz.")
        else:
            found.append(place)
    # A file may be a link into a store whose files have other names.
    unique = list(dict.fromkeys(path.parent.resolve() / path.name for path in found))
    ordered = sorted(unique, key=lambda path: (path.name, str(path)))
    return GivenFiles(
        distributions=tuple(path for path in ordered if not path.name.endswith(ATTESTATION)),
        attestations=tuple(path for path in ordered if path.name.endswith(ATTESTATION)),
    )


def _files_in(folder: Path, problems: Problems) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    for path in files:
        if path.name.endswith(_OLD_FORMATS):
            message = "is a distribution in a format that indexes do not take"
            problems.add(str(path), message, "Remove it, or make a wheel or a .tar.gz of it.")
    found = [path for path in files if path.name.endswith((WHEEL_SUFFIX, SDIST_SUFFIX, ATTESTATION))]
    if not any(path.name.endswith((WHEEL_SUFFIX, SDIST_SUFFIX)) for path in found):
        remedy = "Name the folders that the wheels are directly in. Folders below them are not searched."
        problems.add(str(folder), "contains no wheel", remedy)
    return found


def read_reports(places: Iterable[Path], problems: Problems) -> list[tuple[str, str]]:
    """Return the reports that are named, or are directly in a folder that is named, by path and text."""
    files: list[Path] = []
    for place in places:
        if place.is_dir():
            files += sorted(path for path in place.glob("*.json") if path.is_file())
        elif not place.exists():
            problems.add(str(place), "does not exist", "Give --reports folders with reports, or reports.")
        else:
            files.append(place)
    return [(str(path), path.read_bytes().decode("utf-8", "replace")) for path in dict.fromkeys(files)]
