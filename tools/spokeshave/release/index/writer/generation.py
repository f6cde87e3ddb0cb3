"""A new generation of an index, in a folder of its own: its list of sets, and its pages."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spokeshave.files import sha256_of_file
from spokeshave.release.index.folder import (
    FIND_LINKS,
    FRAGMENTS,
    JSON_PAGE,
    JSON_PAGES,
    METADATA,
    PAGE,
    PROVENANCE,
    SETS,
    SETS_SUM,
    SIMPLE,
    URL,
    ReleaseIndex,
    listed_files,
    set_line,
)
from spokeshave.release.index.writer import pages
from spokeshave.release.index.writer.fragments import FORMAT, LINKS, ROW, html_name, json_name, render_fragments
from spokeshave.release.index.writer.ownership import DRAFT
from spokeshave.release.index.writer.people_pages import render_front_page, render_set_page
from spokeshave.release.record import read_record
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

_FORMAT_FILE = "format"
# The name of fragments that no set has.
_NO_KEY = "0" * 16


@dataclass(frozen=True)
class SetParts:
    """What a set has in the pages of an index.

    Attributes:
        line: Its line in the list of sets.
        folder: The folder of its fragments, which are never changed. The name follows from all that they and the set's
            page for people depend on, so that a page of before a change is known by the fragments next to it.
        url: The address of the index. Empty if it is not known.
        has_source: Whether the index lists the set that it was promoted from.
    """

    listed: IndexedSet
    line: str
    folder: Path
    url: str
    has_source: bool

    @classmethod
    def of(cls, index: ReleaseIndex, listed: IndexedSet, url: str = "", *, has_source: bool = False) -> SetParts:
        """Return the parts of a set. They may not exist yet."""
        line = set_line(listed)
        key = hashlib.sha256(f"{FORMAT}\n{line}{url}\n{has_source}".encode()).hexdigest()[:16]
        folder = index.record_path(listed.name, listed.version) / FRAGMENTS / key
        return cls(listed=listed, line=line, folder=folder, url=url, has_source=has_source)

    @classmethod
    def all_of(cls, index: ReleaseIndex, sets: Sequence[IndexedSet], url: str) -> list[SetParts]:
        """Return the parts of all sets that an index is to list."""
        # A page links to its source by its own release's name.
        known = {(listed.name, listed.manifest_sha256) for listed in sets}
        return [cls.of(index, one, url, has_source=(one.name, one.promoted_from) in known) for one in sets]

    @property
    def are_only_ones(self) -> bool:
        """Return whether the set has no other fragments. Another command was killed if it has, or is not done."""
        with contextlib.suppress(OSError):
            return os.listdir(self.folder.parent) == [self.folder.name]  # noqa: PTH208 (faster, for each set)
        return False


def is_current_format(generation: Path) -> bool:
    """Return whether the pages of a generation are as this version of Spokeshave makes them."""
    path = generation / _FORMAT_FILE
    return path.is_file() and path.read_text("utf-8") == f"{FORMAT}\n"


def forget_pages(generation: Path, sets: Iterable[SetParts]) -> None:
    """Let the next change make all pages again, and all fragments that they consist of.

    The mark of the format goes first, so that pages are not compared with fragments that do not exist.
    """
    (generation / _FORMAT_FILE).unlink(missing_ok=True)
    for parts in sets:
        # A set that has other fragments, too, gets its page again.
        others = parts.folder.with_name(_NO_KEY)
        if parts.folder.is_dir():
            shutil.rmtree(others, ignore_errors=True)
            parts.folder.rename(others)
        else:
            make_folder(others)


def write_set_page(index: ReleaseIndex, parts: SetParts) -> None:
    """Write the page of one set for people."""
    folder = index.record_path(parts.listed.name, parts.listed.version)
    page = render_set_page(index, parts.listed, url=parts.url, has_source=parts.has_source)
    write_page(folder / f"{PAGE}{DRAFT}", [page])
    (folder / f"{PAGE}{DRAFT}").replace(folder / PAGE)


@dataclass(frozen=True)
class GenerationDraft:
    """A generation that is being written.

    Attributes:
        folder: It does not exist yet.
        previous: The newest generation, if there is one whose pages are in the current format.
        before: What that one lists.
        sets: What the new one lists.
        url: The address of the index. Empty if it is not known.
    """

    index: ReleaseIndex
    folder: Path
    previous: Path | None
    before: Sequence[IndexedSet]
    sets: Sequence[SetParts]
    url: str

    def write(self) -> None:
        """Write all pages. Those of projects without a change are hard links to the ones of the generation before."""
        make_folder(self.folder)
        for parts in self.sets:
            if not parts.folder.is_dir():
                self._write_fragments(parts)
        write_page(self.folder / SETS, (parts.line.encode() for parts in self.sets), is_synced=True)
        sha256, _ = sha256_of_file(self.folder / SETS)
        write_page(self.folder / SETS_SUM, [f"{sha256}\n".encode()], is_synced=True)
        write_page(self.folder / _FORMAT_FILE, [f"{FORMAT}\n".encode()])
        if self.url:
            write_page(self.folder / URL, [f"{self.url}\n".encode()])
        projects = pages.projects_of(parts.listed for parts in self.sets)
        self._write_common(projects)
        touched = self._touched()
        for project in projects:
            for pages_folder, name in ((SIMPLE, PAGE), (JSON_PAGES, JSON_PAGE)):
                path = Path(pages_folder, project, name)
                make_folder((self.folder / path).parent)
                if project in touched or not self._take(path):
                    own = [parts for parts in self.sets if project in parts.listed.projects]
                    write_page(self.folder / path, _project_page(name, project, own))

    def _write_fragments(self, parts: SetParts) -> None:
        listed = parts.listed
        record_folder = self.index.record_path(listed.name, listed.version)
        record = read_record(record_folder)
        draft = parts.folder.with_name(f"{parts.folder.name}{DRAFT}")
        shutil.rmtree(draft, ignore_errors=True)
        make_folder(draft)
        for name, data in render_fragments(listed, record, *_files(self.index, listed, record)):
            write_page(draft / name, [data])
        if not (record_folder / PAGE).exists():
            write_set_page(self.index, parts)
        draft.rename(parts.folder)

    def _write_common(self, projects: Sequence[str]) -> None:
        folders = {(parts.listed.name, parts.listed.version): parts.folder for parts in self.sets}
        listed = [parts.listed for parts in self.sets]
        front = render_front_page(self.index, listed, lambda one: _read(folders[one.name, one.version], ROW), self.url)
        write_page(self.folder / PAGE, front)
        head, foot = pages.links_page()
        write_page(self.folder / FIND_LINKS, _joined(head, self.sets, LINKS, foot))
        make_folder(self.folder / SIMPLE)
        write_page(self.folder / SIMPLE / PAGE, pages.html_root(projects))
        make_folder(self.folder / JSON_PAGES)
        write_page(self.folder / JSON_PAGES / JSON_PAGE, pages.json_root(projects))

    def _touched(self) -> frozenset[str]:
        """Return the projects whose pages differ from those of the generation before."""
        # No page of a project shows whether a set is kept.
        before = {replace(listed, kept=None) if listed.kept is not None else listed for listed in self.before}
        now = {
            replace(parts.listed, kept=None) if parts.listed.kept is not None else parts.listed for parts in self.sets
        }
        return frozenset(pages.projects_of(before ^ now))

    def _take(self, path: Path) -> bool:
        """Make a page of the generation before one of this one too. False if there is none."""
        if self.previous is None or not (self.previous / path).is_file():
            return False
        try:
            os.link(self.previous / path, self.folder / path)
        except OSError:
            # A file system without hard links.
            shutil.copy2(self.previous / path, self.folder / path)
        return True


def make_folder(path: Path) -> None:
    """Make a folder that a web server can read, and those above it."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(0o755)


def write_page(path: Path, parts: Iterable[bytes], *, is_synced: bool = False) -> None:
    """Write a new file that a web server can read.

    Args:
        is_synced: Whether it must survive a power cut.
    """
    with path.open("wb") as stream:
        for part in parts:
            stream.write(part)
        if is_synced:
            stream.flush()
            os.fsync(stream.fileno())
    path.chmod(0o644)


def _files(index: ReleaseIndex, listed: IndexedSet, record: ReleaseRecord) -> tuple[list[ReleaseFile], frozenset[str]]:
    """Return the files of a set that are listed, with the hashes of their metadata; and those with a provenance."""
    files = []
    attested = set()
    for file in listed_files(record, listed.only):
        path = index.file_path(file.sha256, file.name)
        metadata = path.with_name(f"{file.name}{METADATA}")
        files.append(replace(file, metadata_sha256=sha256_of_file(metadata)[0] if file.is_wheel else None))
        if path.with_name(f"{file.name}{PROVENANCE}").is_file():
            attested.add(file.name)
    return files, frozenset(attested)


def _project_page(name: str, project: str, sets: Sequence[SetParts]) -> Iterator[bytes]:
    if name == PAGE:
        head, foot = pages.html_page(project)
        return _joined(head, sets, html_name(project), foot)
    head, foot = pages.json_page(project, [parts.listed.version for parts in sets])
    return _joined(head, sets, json_name(project), foot, b",\n")


def _joined(
    head: bytes, sets: Iterable[SetParts], fragment: str, foot: bytes, separator: bytes = b""
) -> Iterator[bytes]:
    yield head
    between = b""
    for parts in sets:
        yield between
        yield _read(parts.folder, fragment)
        between = separator
    yield foot


def _read(folder: Path, fragment: str) -> bytes:
    # A path of strings, as this is done for each set and page.
    with open(f"{folder}/{fragment}", "rb", buffering=0) as stream:  # noqa: PTH123
        return stream.read()
