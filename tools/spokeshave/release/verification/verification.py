"""The verification of one generation of an index, and of what it leads to. Nothing is changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from spokeshave.release.index.folder import (
    CURRENT,
    FIND_LINKS,
    GENERATIONS,
    JSON_PAGES,
    LOCK,
    METADATA,
    PAGE,
    SIMPLE,
    ReleaseIndex,
)
from spokeshave.release.index.writer.generation import is_current_format
from spokeshave.release.verification.findings import Findings
from spokeshave.release.verification.foreign import find_foreign
from spokeshave.release.verification.rendering import compare_listings, compare_pages
from spokeshave.release.verification.sets import VerifiedSet, compare_list, read_list, verify_set
from spokeshave.release.verification.stored_files import compare_files, expected_files
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.verification import IndexFault, IndexVerifyReport

_LINKS = (PAGE, FIND_LINKS, SIMPLE, JSON_PAGES)
_MOST_TRIES = 10
_ADD = "Run the `spokeshave index add` again: it continues. Or any other, if this is to be a new index."
_CHANGE = "Run any command that changes the index, such as `spokeshave index add` with a release of it: it links {}."
_RELINK = "Let it link to {}, if that is the newest generation, or add all releases to a new index."
_ONLY_LISTINGS = (
    "the pages were compared by what they list and not byte by byte, because {}; verify the index again after the next "
    "change"
)


class BusyIndexError(SpokeshaveError):
    """An index that other commands change faster than it is verified."""


class NotAnIndexError(SpokeshaveError):
    """A folder that cannot be verified as an index."""


def verify_index(folder: Path, *, is_quick: bool) -> IndexVerifyReport:
    """Verify the newest generation of an index.

    A writer may work at the same time. If it publishes another generation or removes files meanwhile, and something
    seems to be wrong, the newest generation is verified again.

    Raises:
        NotAnIndexError: If the folder is not an index.
        BusyIndexError: If it changes all the time.
    """
    _check_folder(folder)
    index = ReleaseIndex(folder)
    error: OSError | None = None
    for _ in range(_MOST_TRIES):
        try:
            report = _verify(index, is_quick=is_quick)
        except OSError as err:
            error = err
            continue
        if not report.findings or report.generation == _newest(index):
            return report
    what = f": {error.filename} cannot be read ({error.strerror})" if error else ""
    remedy = "Run the command again when no other command changes the index."
    raise BusyIndexError(Problem(str(folder), f"changed each time that it was verified{what}", remedy))


def _newest(index: ReleaseIndex) -> str:
    """Return the name of the newest generation. Empty if the link does not lead to one."""
    generation = _resolve(index, Findings(index.folder))
    return _name(generation) if generation else ""


def _check_folder(folder: Path) -> None:
    if not (folder / GENERATIONS).is_dir() and not (folder / LOCK).is_file():
        message = "is not a release index" if folder.exists() else "does not exist"
        raise NotAnIndexError(Problem(str(folder), message, "Name the folder that `spokeshave index add` writes to."))


def _name(generation: Path) -> str:
    return f"{GENERATIONS}/{generation.name}"


def _verify(index: ReleaseIndex, *, is_quick: bool) -> IndexVerifyReport:
    findings = Findings(index.folder)
    generation = _resolve(index, findings)
    sets = read_list(generation, findings) if generation else ()
    verified = []
    for listed in sets:
        found = verify_set(index, listed, findings)
        verified += [found] if found else []
    if generation:
        compare_list(generation, verified, findings)
    files = expected_files(index, verified, findings)
    compare_files(files, findings, is_quick=is_quick)
    if generation and any(finding.fault is IndexFault.LIST for finding in findings.all()):
        findings.note("nothing was compared with its list of sets, which is damaged", generation)
    elif generation:
        find_foreign(index, generation, sets, files if len(sets) == len(verified) else None, findings)
        _compare_pages(index, generation, verified, len(sets) - len(verified), findings)
    return IndexVerifyReport(
        index=str(index.folder),
        generation=_name(generation) if generation else "",
        sets=len(sets),
        files=len(files),
        size=sum(file.size or 0 for file in files.values()),
        is_quick=is_quick,
        findings=findings.all(),
        notes=tuple(findings.notes()),
    )


def _compare_pages(
    index: ReleaseIndex, generation: Path, sets: Sequence[VerifiedSet], damaged_records: int, findings: Findings
) -> None:
    """Compare pages byte by byte, or if that is not possible, by what they list."""
    reason = _why_not_rendered(generation, damaged_records, findings)
    if reason:
        findings.note(_ONLY_LISTINGS.format(reason), generation)
        tuple(compare_listings(index, generation, sets, findings))
        return
    with tempfile.TemporaryDirectory() as scratch:
        compare_pages(index, generation, sets, Path(scratch), findings)


def _resolve(index: ReleaseIndex, findings: Findings) -> Path | None:
    """Return the newest generation, and check the links that lead to it. None if they do not."""
    current = index.folder / CURRENT
    newest = _highest(index.folder / GENERATIONS)
    is_there = os.path.lexists(current)
    for name in _LINKS:
        # The links that do not exist are made after the one that all lead through.
        if is_there or os.path.lexists(index.folder / name):
            _check_link(index.folder / name, Path(CURRENT, name), findings)
    if is_there:
        return _follow(current, _RELINK.format(newest or "the newest generation"), findings)
    message = "does not exist" if newest else "does not exist: the first `index add` was interrupted, or runs now"
    findings.add(IndexFault.LINK, current, message, _CHANGE.format(newest) if newest else _ADD)
    return None


def _follow(current: Path, remedy: str, findings: Findings) -> Path | None:
    """Return the generation that a link leads to."""
    target = current.readlink() if current.is_symlink() else None
    if target is None or target != Path(GENERATIONS, target.name) or not target.name.isdecimal():
        what = f"leads to {target.as_posix()}" if target else "is not a link"
        findings.add(IndexFault.LINK, current, f"{what}, and not to a generation", remedy)
        return None
    generation = current.parent / target
    if not generation.is_dir():
        findings.add(IndexFault.LINK, current, f"leads to {target.as_posix()}, which does not exist", remedy)
        return None
    return generation


def _highest(generations: Path) -> str | None:
    """Return the name of the generation with the highest number. None if there is none."""
    names = [path.name for path in generations.iterdir()] if generations.is_dir() else []
    number = max((int(name) for name in names if name.isdecimal()), default=None)
    return None if number is None else f"{GENERATIONS}/{number}"


def _check_link(path: Path, target: Path, findings: Findings) -> None:
    if not path.is_symlink() or path.readlink() != target:
        remedy = "Move it away, and run `spokeshave index rebuild`: it makes the link."
        findings.add(IndexFault.LINK, path, f"is not a link to {target.as_posix()}", remedy)


def _why_not_rendered(generation: Path, damaged_records: int, findings: Findings) -> str | None:
    """Return why pages cannot be made again. None if they can."""
    if not is_current_format(generation):
        return "another version of Spokeshave made them, or `index rebuild` was interrupted"
    if damaged_records:
        return "a record is damaged"
    if any(finding.path.endswith(METADATA) and finding.fault is not IndexFault.FOREIGN for finding in findings.all()):
        return "the metadata of a wheel is damaged"
    return None
