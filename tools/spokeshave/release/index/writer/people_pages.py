"""The pages for people, from what an index has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from spokeshave.release.index.folder import PROVENANCE, ReleaseIndex, listed_files
from spokeshave.release.index.people.front_page import front_page
from spokeshave.release.index.people.section import set_section
from spokeshave.release.index.people.set_page import set_page
from spokeshave.release.record import read_record
from spokeshave_core.release.index import IndexedSet


def render_front_page(
    index: ReleaseIndex, sets: Sequence[IndexedSet], row: Callable[[IndexedSet], bytes], url: str
) -> Iterator[bytes]:
    """Yield the parts of the front page.

    Args:
        sets: What the index lists, from the oldest to the newest.
        row: Reads the fragment of a set.
        url: The address of the index. Empty if it is not known.
    """

    def section(listed: IndexedSet) -> bytes:
        record = read_record(index.record_path(listed.name, listed.version))
        return set_section(listed, record, listed_files(record, listed.only), url)

    return front_page(sets, section, row, url)


def render_set_page(index: ReleaseIndex, listed: IndexedSet, *, url: str, has_source: bool) -> bytes:
    """Return the page of one set.

    Args:
        url: The address of the index. Empty if it is not known.
        has_source: Whether the index lists the set that it was promoted from.
    """
    record = read_record(index.record_path(listed.name, listed.version))
    files = listed_files(record, listed.only)
    provenances = {file.name for file in files if index.file_path(file.sha256, f"{file.name}{PROVENANCE}").is_file()}
    return set_page(
        listed,
        record,
        files,
        provenances=frozenset(provenances),
        has_source=has_source,
        url=url,
    )
