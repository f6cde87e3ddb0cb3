"""Which folders are indexes, and what in them is an index's own. A writer removes nothing else.

A folder with a link to a numbered generation is an index. Its writer publishes no generation that is not whole, so one
without the link has lost it. A folder without a generation is new if it has nothing but what an addition leaves that
was killed before its first generation: the lock, which comes first, and parts of releases.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from spokeshave.release.index.folder import (
    CURRENT,
    FILES,
    FIND_LINKS,
    FRAGMENTS,
    GENERATIONS,
    INCOMING,
    JSON_PAGES,
    LOCK,
    PAGE,
    RELEASES,
    SETS,
    SIMPLE,
    InvalidIndexError,
)
from spokeshave.release.record import ATTESTATIONS, CONSTRAINTS, MANIFEST, REPORTS, SUMS
from spokeshave_core.problems import Problem

LINKS = (PAGE, FIND_LINKS, SIMPLE, JSON_PAGES)
"""The links to the pages of the newest generation."""
STAGED = "staged"
"""The folder of a generation that is written, or removed."""
DRAFT = ".draft"
"""What the name of a page or of fragments ends with while they are written."""

_OTHER_PATH = "Name a folder that does not exist yet, is empty or is an index of `spokeshave index add`."
_SHA256 = r"[0-9a-f]{64}"
# A file that is being written has its name with a dot before it and something after it.
_FILE = re.compile(_SHA256)
_SENT = re.compile(rf"{_SHA256}|\.{_SHA256}\.[a-z0-9_]+")
_FRAGMENTS = re.compile(rf"[0-9a-f]{{16}}({re.escape(DRAFT)})?")
_RECORD = re.compile(
    "|".join(
        (
            *map(re.escape, (MANIFEST, SUMS, CONSTRAINTS, REPORTS, ATTESTATIONS, FRAGMENTS, PAGE, f"{PAGE}{DRAFT}")),
            r"pylock\.[A-Za-z0-9_-]+\.toml",
            r"\..+\.new",
        )
    )
)


def check_folder(folder: Path, *, is_new: bool) -> None:
    """Refuse a folder that is not an index.

    Args:
        is_new: Whether an index may be made there.

    Raises:
        InvalidIndexError: If it is something else, or a copy whose links were followed.
    """
    current = folder / CURRENT
    if current.is_symlink():
        _check_links(folder)
        return
    # After a moment in which another command may have made the link.
    if os.path.lexists(current) and not current.is_symlink():
        message = "is not a link, as in a copy of an index that follows its links: a change would not reach its pages"
        remedy = "Change the index that it was copied from, and copy that again, or copy it with its links: cp -a."
        raise InvalidIndexError(Problem(str(current), message, remedy))
    if newest_generation(folder) is not None:
        _check_links(folder)
        return
    if not is_new:
        message = "is not a release index" if folder.exists() else "does not exist"
        raise InvalidIndexError(Problem(str(folder), message, "Add a release to it with `spokeshave index add`."))
    if folder.is_symlink() and not folder.exists():
        message = f"is a link to {folder.readlink()}, which does not exist"
        raise InvalidIndexError(Problem(str(folder), message, _OTHER_PATH))
    if folder.exists() and not folder.is_dir():
        raise InvalidIndexError(Problem(str(folder), "is not a folder", _OTHER_PATH))
    _check_new(folder)


def newest_generation(folder: Path) -> int | None:
    """Return the number of the newest generation, by the folders alone. None if there is none."""
    numbers = (number_of(path) for path in entries(folder / GENERATIONS))
    return max((number for number in numbers if number is not None), default=None)


def number_of(generation: Path) -> int | None:
    """Return the number of a generation. None if a folder is not one."""
    is_one = generation.name.isdecimal() and not generation.is_symlink() and (generation / SETS).is_file()
    return int(generation.name) if is_one else None


def foreign_in_record(folder: Path) -> str | None:
    """Return what is in the folder of a set's record that no index has there, such as the wheels of a sealed record."""
    return next((path.name for path in entries(folder) if not _RECORD.fullmatch(path.name)), None)


def is_sent_file(path: Path) -> bool:
    """Return whether a file is one that `release publish` has sent."""
    return bool(_SENT.fullmatch(path.name)) and path.is_file() and not path.is_symlink()


def is_fragments(path: Path) -> bool:
    """Return whether a folder has the fragments of a set."""
    return bool(_FRAGMENTS.fullmatch(path.name)) and path.is_dir() and not path.is_symlink()


def record_folders(folder: Path) -> Iterator[Path]:
    """Yield the folders at the places of records."""
    for name in entries(folder / RELEASES):
        if name.is_dir() and not name.is_symlink():
            yield from (path for path in entries(name) if path.is_dir() and not path.is_symlink())


def entries(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted. Nothing if it does not exist, or was removed meanwhile."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _check_links(folder: Path) -> None:
    """Check the links of an index: what they lead to is not replaced otherwise."""
    current = folder / CURRENT
    target = current.readlink() if current.is_symlink() else None
    if target is not None and (target != Path(GENERATIONS, target.name) or not target.name.isdecimal()):
        message = f"is a link to {target}, which is not a generation of a release index"
        raise InvalidIndexError(Problem(str(current), message, _OTHER_PATH))
    for name in LINKS:
        path = folder / name
        if os.path.lexists(path) and not path.is_symlink():
            message = "is not the link that a release index has there"
            raise InvalidIndexError(Problem(str(path), message, "Move it away, and run the command again."))


def _check_new(folder: Path) -> None:
    """Check that a folder without a generation has nothing but what a killed addition leaves."""
    # A version control system, and settings of hosts, may be in a folder of pages.
    names = [path.name for path in entries(folder) if not path.name.startswith(".")]
    if MANIFEST in names:
        message = "is a release record and not an index"
        raise InvalidIndexError(Problem(str(folder), message, "Give the index as the last argument."))
    if any((folder / name).is_symlink() for name in LINKS if name in names):
        message = "is an index that has lost its generations, which list its releases"
        remedy = "Get them from a backup, or add all releases to a new index, in an empty folder."
        raise InvalidIndexError(Problem(str(folder), message, remedy))
    foreign = next(_foreign(folder, names), None)
    if foreign is not None:
        message = f"is a folder that is not a release index: it has {foreign.relative_to(folder).as_posix()}"
        raise InvalidIndexError(Problem(str(folder), message, _OTHER_PATH))


def _foreign(folder: Path, names: list[str]) -> Iterator[Path]:
    """Yield what an addition that was killed does not leave."""
    layout = {FILES: _FILE, GENERATIONS: re.compile(STAGED), INCOMING: _SENT, RELEASES: re.compile(r"[A-Za-z0-9].*")}
    yield from (folder / name for name in names if name not in (LOCK, *layout))
    # Looked at after the others, as it is made before them.
    lock = folder / LOCK
    if names and not (lock.is_file() and not lock.is_symlink() and not lock.stat().st_size):
        yield folder / names[0]
    for name, pattern in layout.items():
        if name in names and ((folder / name).is_symlink() or not (folder / name).is_dir()):
            yield folder / name
        yield from (path for path in entries(folder / name) if not pattern.fullmatch(path.name))
    places = [path for name in entries(folder / RELEASES) for path in (name, *entries(name))]
    yield from (path for path in places if path.is_symlink() or path.is_file())
    for record in record_folders(folder):
        found = foreign_in_record(record)
        if found is not None:
            yield record / found
