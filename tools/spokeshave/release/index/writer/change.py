"""Changes of an index. One writer at a time makes the next generation, and the rename of a link publishes it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from spokeshave.files import sha256_of_file
from spokeshave.release.index.folder import (
    CURRENT,
    FILES,
    GENERATIONS,
    INCOMING,
    JSON_PAGES,
    LOCK,
    OTHER_LIST,
    SETS,
    SIMPLE,
    InvalidIndexError,
    ReleaseIndex,
    is_whole_list,
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
from spokeshave.release.index.writer.ownership import (
    LINKS,
    STAGED,
    check_folder,
    entries,
    foreign_in_record,
    is_fragments,
    is_sent_file,
    newest_generation,
    number_of,
    record_folders,
)
from spokeshave.release.record import MANIFEST, read_record
from spokeshave_core.json_values import parse_any
from spokeshave_core.problems import Problem, SpokeshaveError
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseRecord

KEPT_GENERATIONS = 2
_STALE_SECONDS = 24 * 60 * 60
_HASH_DIGITS = 12
# Windows' ERROR_PRIVILEGE_NOT_HELD.
_NO_PRIVILEGE = 1314

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
        forget_pages(writer.index.generation, SetParts.all_of(writer.index, writer.sets, writer.url))
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
            # Another command may have changed it until now.
            check_folder(folder, is_new=is_new)
            _find_newest(folder)
            sets = tuple(index.sets())
            _check_list(index)
            yield IndexWriter(index, sets, index.url if url is None else url)
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
        parts = SetParts.all_of(self.index, self.sets, self.url)
        current = self._current()
        previous = self._generation(current) if current is not None else None
        if previous is not None and not is_current_format(previous):
            previous = None
        is_same = self.sets == before and self.url == self.index.url
        if previous is None or not is_same or not all(each.folder.is_dir() for each in parts):
            staged = self._staged
            # A process that was killed before it published has left one of that number.
            self._remove_generation(self._generation((current or 0) + 1))
            GenerationDraft(
                index=self.index,
                folder=staged,
                previous=previous,
                before=before if previous else (),
                sets=parts,
                url=self.url,
            ).write()
            self._become(staged, (current or 0) + 1)
        for name in LINKS:
            _link(self.index.folder / name, Path(CURRENT, name), is_folder=name in (SIMPLE, JSON_PAGES))
        self._finish_sets(parts)
        self._clean(generations)

    def make_way(self, record: ReleaseRecord, manifest_sha256: str) -> None:
        """Move what is not listed away from the place of a record that comes in.

        It is a set that was removed, or what a killed addition has left. Its files stay until the next generation is
        published, and are then found by its record.
        """
        folder = self.index.record_path(record.name, record.version)
        is_listed = any((one.name, one.version) == (record.name, record.version) for one in self.sets)
        if is_listed or not folder.is_dir():
            return
        foreign = foreign_in_record(folder)
        if foreign is not None:
            message = "is not a part of an index, and at the place of a release"
            raise InvalidIndexError(Problem(str(folder / foreign), message, "Move it away, and run the command again."))
        if not (folder / MANIFEST).is_file():
            # It was being written or removed.
            shutil.rmtree(folder)
            return
        found, _ = sha256_of_file(folder / MANIFEST)
        if found != manifest_sha256:
            # No version has this character.
            other = folder.with_name(f"{folder.name}~{found[:_HASH_DIGITS]}")
            if other.is_dir():
                shutil.rmtree(other)
            folder.rename(other)

    def _current(self) -> int | None:
        """Return the number of the newest generation. None if there is none."""
        path = self.index.folder / CURRENT
        return int(path.readlink().name) if path.is_symlink() else None

    def _generation(self, number: int) -> Path:
        return self.index.folder / GENERATIONS / str(number)

    @property
    def _staged(self) -> Path:
        return self.index.folder / GENERATIONS / STAGED

    def _remove_generation(self, generation: Path) -> None:
        """Remove a generation. What has a number is always whole, so it loses that first."""
        _remove_tree(self._staged)
        if number_of(generation) is not None:
            # On Windows, a reader of one of its files holds it until a later change.
            with contextlib.suppress(PermissionError):
                generation.rename(self._staged)
                _remove_tree(self._staged)

    def _become(self, staged: Path, number: int) -> None:
        """Make a folder the newest generation."""
        staged.rename(self._generation(number))
        _link(self.index.folder / CURRENT, Path(GENERATIONS, str(number)), is_folder=True)

    def _finish_sets(self, sets: Sequence[SetParts]) -> None:
        """Write the pages of changed sets, and remove their old fragments."""
        for parts in sets:
            if not parts.are_only_ones:
                write_set_page(self.index, parts)
                for other in entries(parts.folder.parent):
                    if other != parts.folder and is_fragments(other):
                        shutil.rmtree(other)

    def _clean(self, generations: int) -> None:
        """Remove old generations, what none of the kept ones lists, and what killed processes have left.

        What is not certainly an index's own stays: `index verify` lists it.
        """
        current = self._current() or 0
        kept = set()
        for path in entries(self.index.folder / GENERATIONS):
            number = number_of(path)
            if number is not None and current - generations < number <= current:
                kept |= _names(path)
            else:
                self._remove_generation(path)
        for path in record_folders(self.index.folder):
            if (path.parent.name, path.name) not in kept and foreign_in_record(path) is None:
                self._remove_set(path)
        for path in entries(self.index.folder / INCOMING):
            with contextlib.suppress(OSError):
                if is_sent_file(path) and path.stat().st_mtime < time.time() - _STALE_SECONDS:
                    path.unlink()

    def _remove_set(self, folder: Path) -> None:
        """Remove a set that is not listed, with its files. Its record is removed last, as it names them."""
        with contextlib.suppress(SpokeshaveError):
            record = read_record(folder)
            used = self._used_by_others(record)
            unused = [self.index.folder / FILES / file.sha256 for file in record.files if file.sha256 not in used]
            held = [path for path in unused if not _remove_tree(path)]
            if held:
                return
        shutil.rmtree(folder)
        with contextlib.suppress(OSError):
            folder.parent.rmdir()

    def _used_by_others(self, record: ReleaseRecord) -> frozenset[str]:
        """Return the sha256 of the files of listed sets that have the same version of a project."""
        others = (listed for listed in self.sets if is_same_release(listed, record))
        paths = (self.index.record_path(other.name, other.version) for other in others)
        return frozenset(file.sha256 for path in paths for file in read_record(path).files)


def _remove_tree(folder: Path) -> bool:
    """Remove a folder if it exists. Return False if a reader holds a file of it, which only Windows allows."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return True
    except OSError as err:
        if os.name == "nt" and isinstance(err, PermissionError):
            return False
        # The error of a file below has its name alone.
        raise OSError(err.errno, err.strerror, str(folder)) from err
    return True


def is_same_release(listed: IndexedSet, record: ReleaseRecord) -> bool:
    """Return whether a set has a project of a record in the same version, so that they may have files in common."""
    is_version = listed.version == record.version or Version(listed.version) == Version(record.version)
    return is_version and not record.projects.keys().isdisjoint(listed.projects)


def _link(link: Path, target: Path, *, is_folder: bool) -> None:
    """Let a link lead to a target in one step. Nothing is done if it does already."""
    if link.is_symlink() and link.readlink() == target:
        return
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target, target_is_directory=is_folder)
    if os.name == "nt" and is_folder and link.is_symlink():
        # Windows replaces no link to a folder, so that for a moment there is none. The next command finds the newest
        # generation without it.
        link.rmdir()
    new.replace(link)


def _names(generation: Path) -> set[tuple[str, str]]:
    """Return the names and versions of the sets that a generation lists."""
    with (generation / SETS).open(encoding="utf-8") as lines:
        found = (parse_any(line) for line in lines)
        return {(listed["name"], listed["version"]) for listed in found}


def _find_newest(folder: Path) -> None:
    """Let the link of an index that has lost it lead to the newest generation."""
    newest = newest_generation(folder)
    if not (folder / CURRENT).is_symlink() and newest is not None:
        target = Path(GENERATIONS, str(newest))
        _link(folder / CURRENT, target, is_folder=True)
        sys.stderr.write(
            f"{folder}: its link `{CURRENT}` was lost; it leads to {target.as_posix()}, the newest, again\n"
        )


def _check_list(index: ReleaseIndex) -> None:
    """Check that the list of sets lost no line: what it does not list would be removed.

    Raises:
        InvalidIndexError: If it did.
    """
    generation = index.generation
    if (generation / SETS).is_file() and not is_whole_list(generation):
        message = "is not as it was written, and releases that it lost would be removed"
        raise InvalidIndexError(Problem(str(generation / SETS), message, OTHER_LIST))


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
