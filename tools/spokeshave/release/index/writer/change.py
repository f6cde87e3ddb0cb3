"""Changes of an index. One writer at a time makes the next generation, and the rename of a link publishes it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from spokeshave.release.index.folder import (
    CURRENT,
    FILES,
    FIND_LINKS,
    GENERATIONS,
    INCOMING,
    JSON_PAGES,
    LOCK,
    PAGE,
    RELEASES,
    SETS,
    SIMPLE,
    InvalidIndexError,
    ReleaseIndex,
)
from spokeshave.release.index.writer.generation import (
    GenerationDraft,
    SetParts,
    forget_pages,
    is_current_format,
    make_folder,
    write_set_page,
)
from spokeshave.release.index.writer.lock import exclusive
from spokeshave.release.record import MANIFEST, read_record
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseRecord

KEPT_GENERATIONS = 2
_LINKS = (PAGE, FIND_LINKS, SIMPLE, JSON_PAGES)
_OWN_NAMES = frozenset((*_LINKS, CURRENT, FILES, GENERATIONS, INCOMING, LOCK, RELEASES))
_STAGED = "staged"
_STALE_SECONDS = 24 * 60 * 60
# Windows' ERROR_PRIVILEGE_NOT_HELD.
_NO_PRIVILEGE = 1314
_OTHER_PATH = "Name a folder that does not exist yet, is empty or is an index of `spokeshave index add`."

Edit = Callable[[tuple[IndexedSet, ...]], Sequence[IndexedSet]]
"""What a change makes of the sets of an index. It reads and changes nothing else."""


class RefusedChangeError(SpokeshaveError):
    """A change that an index does not accept."""


def change_index(folder: Path, edit: Edit, *, generations: int = KEPT_GENERATIONS) -> tuple[IndexedSet, ...]:
    """Change the sets that an index lists, and return them. What no kept generation lists is removed.

    Args:
        edit: Makes the new sets of the listed ones. They are sorted by `added` afterwards.
        generations: The number of generations that are kept. With 1, the files of a removed set are removed with it.

    Raises:
        InvalidIndexError: If the folder is not an index.
    """
    with open_writer(folder, is_new=False) as writer:
        writer.publish(edit(writer.sets), generations)
        return writer.sets


def rebuild_index(
    folder: Path, check: Callable[[tuple[IndexedSet, ...]], None], url: str | None = None
) -> tuple[IndexedSet, ...]:
    """Make all pages of an index again, and return the sets that it lists.

    Args:
        check: Raises if the records that pages are made of are damaged.
        url: The address that the index is served at, empty if it is not known. By default, it stays the same.

    Raises:
        InvalidIndexError: If the folder is not an index.
    """
    with open_writer(folder, is_new=False, url=url) as writer:
        check(writer.sets)
        forget_pages(writer.index.generation, [SetParts.of(writer.index, listed) for listed in writer.sets])
        writer.publish(writer.sets)
        return writer.sets


@contextlib.contextmanager
def open_writer(folder: Path, *, is_new: bool, url: str | None = None) -> Iterator[IndexWriter]:
    """Wait until no other process changes an index, and yield its only writer.

    Args:
        is_new: Whether the index is made if it does not exist.
        url: The address that it is served at, empty if it is not known. By default, it stays the same.

    Raises:
        InvalidIndexError: If the folder is something else, or cannot be written to.
    """
    check_folder(folder, is_new=is_new)
    index = ReleaseIndex(folder)
    try:
        make_folder(folder)
        with exclusive(folder / LOCK, lambda: _announce(folder)):
            yield IndexWriter(index, tuple(index.sets()), index.url if url is None else url)
    except OSError as err:
        raise not_writable(folder, err) from err


@dataclass
class IndexWriter:
    """The only process that changes an index.

    Attributes:
        sets: What the newest generation lists.
        url: The address of the index, which its pages for people have.
    """

    index: ReleaseIndex
    sets: tuple[IndexedSet, ...]
    url: str

    def publish(self, sets: Sequence[IndexedSet], generations: int = KEPT_GENERATIONS) -> None:
        """Make a generation of some sets, unless the newest has the same; then finish what a killed process began."""
        before = self.sets
        self.sets = tuple(sorted(sets, key=lambda listed: listed.added))
        parts = [SetParts.of(self.index, listed) for listed in self.sets]
        current = self._current()
        previous = self._generation(current) if current is not None else None
        if previous is not None and not is_current_format(previous):
            previous = None
        is_moved = self.url != self.index.url
        if previous is None or self.sets != before or is_moved:
            staged = self.index.folder / GENERATIONS / _STAGED
            shutil.rmtree(staged, ignore_errors=True)
            GenerationDraft(
                index=self.index,
                folder=staged,
                previous=previous,
                before=before if previous else (),
                sets=parts,
                url=self.url,
            ).write()
            if is_moved:
                # Before the generation is published, so that a killed command does it again.
                for one in parts:
                    write_set_page(self.index, one.listed, self.url)
            self._become(staged, (current or 0) + 1)
        for name in _LINKS:
            _link(self.index.folder / name, Path(CURRENT, name), is_folder=name in (SIMPLE, JSON_PAGES))
        self._finish_sets(parts)
        self._clean(generations)

    def _current(self) -> int | None:
        """Return the number of the newest generation. None if there is none."""
        path = self.index.folder / CURRENT
        return int(path.readlink().name) if path.is_symlink() else None

    def _generation(self, number: int) -> Path:
        return self.index.folder / GENERATIONS / str(number)

    def _become(self, staged: Path, number: int) -> None:
        """Make a folder the newest generation."""
        # A process that was killed before it published has left one of that number.
        shutil.rmtree(self._generation(number), ignore_errors=True)
        staged.rename(self._generation(number))
        _link(self.index.folder / CURRENT, Path(GENERATIONS, str(number)), is_folder=True)

    def _finish_sets(self, sets: Sequence[SetParts]) -> None:
        """Write the pages of changed sets, and remove their old fragments."""
        for parts in sets:
            if not parts.are_only_ones:
                write_set_page(self.index, parts.listed, self.url)
                for other in parts.folder.parent.iterdir():
                    if other != parts.folder:
                        shutil.rmtree(other)

    def _clean(self, generations: int) -> None:
        """Remove old generations, what none of the kept ones lists, and what killed processes have left."""
        current = self._current()
        kept = set()
        for path in sorted((self.index.folder / GENERATIONS).iterdir()):
            number = int(path.name) if path.name.isdecimal() else -1
            if current is not None and current - generations < number <= current:
                kept |= _names(path)
            else:
                shutil.rmtree(path, ignore_errors=True)
        for path in (self.index.folder / RELEASES).glob("*/*"):
            if (path.parent.name, path.name) not in kept:
                self._remove_set(path)
        for path in _entries(self.index.folder / INCOMING):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _STALE_SECONDS:
                    path.unlink()

    def _remove_set(self, folder: Path) -> None:
        """Remove a set that is not listed, with its files. Its record is removed last, as it names them."""
        with contextlib.suppress(SpokeshaveError):
            record = read_record(folder)
            used = self._used_by_others(record)
            for file in record.files:
                if file.sha256 not in used:
                    shutil.rmtree(self.index.folder / FILES / file.sha256, ignore_errors=True)
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()

    def _used_by_others(self, record: ReleaseRecord) -> frozenset[str]:
        """Return the sha256 of the files of listed sets that have the same version of a project."""
        others = (listed for listed in self.sets if is_same_release(listed, record))
        paths = (self.index.record_path(other.name, other.version) for other in others)
        return frozenset(file.sha256 for path in paths for file in read_record(path).files)


def is_same_release(listed: IndexedSet, record: ReleaseRecord) -> bool:
    """Return whether a set has a project of a record in the same version, so that they may have files in common."""
    is_version = listed.version == record.version or Version(listed.version) == Version(record.version)
    return is_version and not record.projects.keys().isdisjoint(listed.projects)


def check_folder(folder: Path, *, is_new: bool) -> None:
    """Refuse a folder that something else has made."""
    current = folder / CURRENT
    if current.is_symlink():
        target = current.readlink()
        if target != Path(GENERATIONS, target.name) or not target.name.isdecimal():
            message = f"is a link to {target}, which is not a generation of a release index"
            raise InvalidIndexError(Problem(str(current), message, _OTHER_PATH))
        return
    if not is_new:
        message = "is not a release index" if folder.exists() else "does not exist"
        raise InvalidIndexError(Problem(str(folder), message, "Add a release to it with `spokeshave index add`."))
    if folder.exists() and not folder.is_dir():
        raise InvalidIndexError(Problem(str(folder), "is not a folder", _OTHER_PATH))
    if folder.is_symlink() and not folder.exists():
        message = f"is a link to {folder.readlink()}, which does not exist"
        raise InvalidIndexError(Problem(str(folder), message, _OTHER_PATH))
    # A version control system, and settings of hosts, may be in a folder of pages.
    others = sorted(
        path.name for path in (folder.iterdir() if folder.is_dir() else ()) if not path.name.startswith(".")
    )
    foreign = [name for name in others if name not in _OWN_NAMES]
    if MANIFEST in foreign:
        message = "is a release record and not an index"
        raise InvalidIndexError(Problem(str(folder), message, "Give the index as the last argument."))
    if foreign:
        message = f"is a folder that is not a release index: it has {foreign[0]}"
        raise InvalidIndexError(Problem(str(folder), message, _OTHER_PATH))


def _link(link: Path, target: Path, *, is_folder: bool) -> None:
    """Let a link lead to a target in one step. Nothing is done if it does already."""
    if link.is_symlink() and link.readlink() == target:
        return
    if link.exists() and not link.is_symlink():
        message = "is not the link that a release index has there"
        raise InvalidIndexError(Problem(str(link), message, "Move it away, and run the command again."))
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target, target_is_directory=is_folder)
    if os.name == "nt" and is_folder and link.is_symlink():
        # Windows replaces no link to a folder, so that for a moment there is none.
        link.rmdir()
    new.replace(link)


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, which may not exist."""
    return list(folder.iterdir()) if folder.is_dir() else []


def _names(generation: Path) -> set[tuple[str, str]]:
    """Return the names and versions of the sets that a generation lists."""
    with (generation / SETS).open(encoding="utf-8") as lines:
        found = (json.loads(line) for line in lines)
        return {(listed["name"], listed["version"]) for listed in found}


def _announce(folder: Path) -> None:
    sys.stderr.write(f"{folder}: another command changes this index; waiting for it\n")
    sys.stderr.flush()


def not_writable(folder: Path, error: OSError) -> InvalidIndexError:
    """Return the error of an index that cannot be written to."""
    remedy = "Check the permissions and the disk, and run the command again: it continues."
    if getattr(error, "winerror", None) == _NO_PRIVILEGE:
        remedy = "Enable the developer mode of Windows, or run as administrator: an index consists of symbolic links."
    path = str(error.filename or folder)
    return InvalidIndexError(Problem(path, f"cannot be written: {error.strerror or error}", remedy))
