"""The pages for people, from what an index has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from spokeshave.files import sha256_of_file
from spokeshave.release.index.folder import PROVENANCE, ReleaseIndex, listed_files
from spokeshave.release.index.people.front_page import front_page
from spokeshave.release.index.people.section import set_section
from spokeshave.release.index.people.set_page import set_page
from spokeshave.release.record import MANIFEST, read_record
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseRecord


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


def render_set_page(index: ReleaseIndex, listed: IndexedSet, url: str | None = None) -> bytes:
    """Return the page of one set.

    Args:
        url: The address of the index. By default, that of its newest generation.
    """
    record = read_record(index.record_path(listed.name, listed.version))
    files = listed_files(record, listed.only)
    provenances = {file.name for file in files if index.file_path(file.sha256, f"{file.name}{PROVENANCE}").is_file()}
    return set_page(
        listed,
        record,
        files,
        provenances=frozenset(provenances),
        has_source=_has_source(index, record),
        url=index.url if url is None else url,
    )


def _has_source(index: ReleaseIndex, record: ReleaseRecord) -> bool:
    """Return whether the index has the set that another one was promoted from."""
    source = record.promoted_from
    if source is None or source.manifest_sha256 is None:
        return False
    manifest = index.record_path(record.name, source.version) / MANIFEST
    return manifest.is_file() and sha256_of_file(manifest)[0] == source.manifest_sha256
