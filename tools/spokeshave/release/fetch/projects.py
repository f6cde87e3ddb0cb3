"""The files of projects: which a source lists, and which of them are fetched. Pure, over pages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
)
from packaging.version import InvalidVersion, Version

from spokeshave.errors import some
from spokeshave.release.fetch.failures import REPORT_IT, FetchError
from spokeshave.release.fetch.wanted import Wanted
from spokeshave.release.fetch.wanted_file import Download
from spokeshave.release.file_selection import selected
from spokeshave.release.record import is_file_name
from spokeshave.requirement_text import parse_sdist_file_name, parse_wheel_file_name
from spokeshave.upload.simple_index import IndexedFile, ProjectPage
from spokeshave_core.problems import Problem, Problems
from spokeshave_core.release.fetch import OfferedFile
from spokeshave_core.wheel_name import SDIST_SUFFIX, WHEEL_SUFFIX

_SUFFIXES = (WHEEL_SUFFIX, SDIST_SUFFIX, ".zip")
_SHA256 = "sha256"
_SHA256_DIGITS = 64
_LIST_IT = "`spokeshave release fetch NAME --list --from INDEX` shows what there is."


@dataclass(frozen=True)
class Distribution:
    """A wheel or an sdist that a page lists."""

    name: str
    project: str
    version: Version
    file: IndexedFile

    def offered(self) -> OfferedFile:
        """Return it for a report."""
        return OfferedFile(
            name=self.name,
            project=self.project,
            version=str(self.version),
            sha256=self.file.hashes.get(_SHA256),
            size=self.file.size,
            yanked=self.file.yanked,
        )


def distributions_of(page: ProjectPage, wanted: Wanted, label: str) -> tuple[Distribution, ...]:
    """Return the files of a project on a page, which may have those of others, by version and name.

    Raises:
        FetchError: If a name of a wheel or an sdist is a path.
    """
    problems = Problems()
    found = []
    for name, file in page.files.items():
        if not is_file_name(name):
            if name.endswith(_SUFFIXES):
                message = f"lists {name!r}, which is not a file name, and may lead out of a folder"
                problems.add(label, message, f"Nothing was fetched. {REPORT_IT}")
            continue
        parsed = _parse(name)
        if parsed and parsed[0] == wanted.project:
            found.append(Distribution(name=name, project=parsed[0], version=parsed[1], file=file))
    problems.raise_if_any(FetchError)
    return tuple(sorted(found, key=lambda each: (each.version, each.name)))


def _parse(name: str) -> tuple[str, Version] | None:
    with contextlib.suppress(InvalidWheelFilename, InvalidVersion):
        return parse_wheel_file_name(name)[:2]
    with contextlib.suppress(InvalidSdistFilename, InvalidVersion):
        return parse_sdist_file_name(name)
    return None


def choose_files(
    found: Sequence[Distribution], wanted: Wanted, label: str
) -> tuple[Sequence[Distribution], tuple[str, ...]]:
    """Return the files of the version that is wanted, and what the user should know of them.

    Raises:
        FetchError: If there is none.
    """
    if not found:
        raise FetchError(Problem(wanted.text, f"is not on {label}", _LIST_IT))
    usable = [each for each in found if each.file.yanked is None or wanted.is_pinned]
    version = wanted.newest({each.version for each in usable})
    if version is None:
        versions = sorted({each.version for each in found}, reverse=True)
        yanked = {each.version for each in found if each.file.yanked is not None}
        shown = [f"{each} (yanked)" if each in yanked else str(each) for each in versions]
        raise FetchError(Problem(wanted.text, f"is not on {label}, which has {some(shown)}", _LIST_IT))
    chosen = [each for each in usable if each.version == version]
    return chosen, tuple(dict.fromkeys(_yanks(chosen)))


def _yanks(files: Iterable[Distribution]) -> Iterator[str]:
    for each in files:
        if each.file.yanked is not None:
            reason = f": {' '.join(each.file.yanked.split())}" if each.file.yanked.strip() else ""
            yield f"{each.project} {each.version} is yanked{reason}"


def plan_downloads(
    files: Iterable[Distribution], only: Sequence[str], sums: Mapping[str, str], output: Path, label: str
) -> list[Download]:
    """Return the downloads of files, each with the sha256 that it must have.

    Args:
        sums: The sha256 by name that the user gives. An index that states another one is an error.

    Raises:
        FetchError: For each file without a sha256, or with two; SelectionError for globs that select nothing.
    """
    by_name = {each.name: each for each in files}
    problems = Problems()
    downloads = []
    for name in sorted(selected(by_name.keys(), only)):
        with problems.collecting():
            file = by_name[name].file
            sha256 = _sha256_of(name, file, sums.get(name), label)
            downloads.append(Download(name=name, url=file.url, sha256=sha256, size=file.size, target=output / name))
    problems.raise_if_any(FetchError)
    return downloads


def _sha256_of(name: str, file: IndexedFile, given: str | None, label: str) -> str:
    listed = file.hashes.get(_SHA256)
    if listed is not None and (len(listed) != _SHA256_DIGITS or set(listed) - set("0123456789abcdef")):
        raise FetchError(Problem(name, f"{label} lists {listed!r} as its sha256", REPORT_IT))
    if given is not None and listed is not None and given != listed:
        message = f"--hashes has the sha256 {given}, but {label} lists {listed}"
        raise FetchError(Problem(name, message, "One of the two is not of this file: find out which."))
    sha256 = given or listed
    if sha256 is None:
        others = [f"only {algorithm}" for algorithm in sorted(file.hashes)]
        message = f"{label} lists no sha256 of it{f' ({others[0]})' if others else ''}"
        remedy = (
            "Give the sums of the files with --hashes SHA256SUMS, from who made them, so that what is fetched can be "
            "checked. In a folder, the file SHA256SUMS is read."
        )
        raise FetchError(Problem(name, message, remedy))
    return sha256
