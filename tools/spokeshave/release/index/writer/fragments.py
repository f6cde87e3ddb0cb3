"""The parts of pages that one set has. Pages are made of them, from the oldest set to the newest.

A fragment is a pure function of a set, its record and its files in the index. URLs are relative to the pages.
Metadata has the name of PEP 714 only, `core-metadata`. The one before, `dist-info-metadata`, is read by pip up to 23.1
alone, which crashes on it in JSON, and in HTML refuses a wheel whose name is spelled in another way than the user did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import quote

from spokeshave.release.index.folder import FILES, PROVENANCE
from spokeshave.release.index.people.section import set_row
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseRecord

# Another number makes all pages again, with the next change of an index.
FORMAT = 3
# The names of fragments. No normalized project name begins with an underscore.
ROW = "_row.html"
LINKS = "_find-links.html"
_HTML = ".html"
_JSON = ".json"
# From `simple/PROJECT/` and `v1+json/PROJECT/` to the folder of the index.
_UP = "../../"


def html_name(project: str) -> str:
    """Return the name of the fragment of a project's HTML page."""
    return f"{project}{_HTML}"


def json_name(project: str) -> str:
    """Return the name of the fragment of a project's JSON page."""
    return f"{project}{_JSON}"


def render_fragments(
    listed: IndexedSet, record: ReleaseRecord, files: Sequence[ReleaseFile], provenances: frozenset[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the fragments of a set with their names.

    Args:
        files: The files that are listed. Wheels have the sha256 of their metadata.
        provenances: The names of the files whose provenance is in the index.
    """
    yield ROW, set_row(listed, record, files)
    links = [_Link(file, listed.yanked, file.name in provenances) for file in files]
    yield LINKS, "".join(link.html("", is_complete=False) for link in links).encode()
    for project in listed.projects:
        own = [link for link in links if link.file.project == project]
        yield html_name(project), "".join(link.html(_UP) for link in own).encode()
        yield json_name(project), ",\n".join(link.json(_UP, listed.added) for link in own).encode()


class _Link:
    """A file on a page."""

    def __init__(self, file: ReleaseFile, yanked: str | None, has_provenance: bool) -> None:
        self.file = file
        self._yanked = yanked
        self._has_provenance = has_provenance
        self._url = f"{FILES}/{file.sha256}/{quote(file.name)}"

    def html(self, up: str, *, is_complete: bool = True) -> str:
        """Return the line of an HTML page.

        Args:
            up: The URL of the index's folder, seen from the page.
            is_complete: Whether it has the attributes of the simple API that find-links pages do not have.
        """
        file = self.file
        attributes = {"href": f"{up}{self._url}#sha256={file.sha256}"}
        if file.requires_python:
            attributes["data-requires-python"] = file.requires_python
        if self._yanked is not None:
            attributes["data-yanked"] = self._yanked
        if file.metadata_sha256:
            attributes["data-core-metadata"] = f"sha256={file.metadata_sha256}"
        if self._has_provenance and is_complete:
            attributes["data-provenance"] = f"{up}{self._url}{PROVENANCE}"
        listed = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
        return f"    <a {listed}>{escape(file.name)}</a><br>\n"

    def json(self, up: str, added: str) -> str:
        """Return the entry of a JSON page. The fields are those of API 1.4 (PEP 691, 700, 714 and 740)."""
        file = self.file
        entry: dict[str, object] = {
            "filename": file.name,
            "url": f"{up}{self._url}",
            "hashes": {"sha256": file.sha256},
            "size": file.size,
            "upload-time": added,
            # A reason may be empty, which is not false.
            "yanked": self._yanked or self._yanked is not None,
        }
        if file.requires_python:
            entry["requires-python"] = file.requires_python
        if file.metadata_sha256:
            entry["core-metadata"] = {"sha256": file.metadata_sha256}
        if self._has_provenance:
            entry["provenance"] = f"{up}{self._url}{PROVENANCE}"
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
