"""What a release index answers to a request: a file, a redirect, or a refusal. Only what is public is found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Union
from urllib.parse import parse_qs, quote, unquote, urlsplit

from packaging.utils import canonicalize_name

from spokeshave.release.index.folder import (
    CURRENT,
    FILES,
    FIND_LINKS,
    FRAGMENTS,
    JSON_PAGE,
    JSON_PAGES,
    METADATA,
    PAGE,
    PROVENANCE,
    RELEASES,
    SETS,
    SIMPLE,
    ReleaseIndex,
)
from spokeshave.release.index.server.negotiation import SimpleForm, form_of, negotiated_form
from spokeshave.release.record import STATE

_BINARY = "application/octet-stream"
_LINES = "application/x-ndjson"
_TEXT = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"
# No type of its own for archives: a browser or a proxy that knows them may unpack them.
_TYPES = {
    METADATA: _TEXT,
    PROVENANCE: "application/vnd.pypi.integrity.v1+json",
    ".attestation": "application/json",
    ".html": _HTML,
    ".json": "application/json",
    ".toml": "application/toml",
    ".txt": _TEXT,
    "SHA256SUMS": _TEXT,
}
# Next to a record: the journals of its publication, and what the index makes its pages of.
_PRIVATE = (STATE, FRAGMENTS)
_SHA256 = re.compile(r"[0-9a-f]{64}")
# A page of a generation that is removed while it is looked for is in the next one.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Found:
    """A file.

    Attributes:
        is_negotiated: Whether another `Accept` would get another form of it.
        is_immutable: Whether its URL has the same bytes forever.
    """

    path: Path
    content_type: str
    is_negotiated: bool = False
    is_immutable: bool = False


@dataclass(frozen=True)
class Redirect:
    """Another URL, relative to that of the request, so that it is right behind a proxy with a prefix, too."""

    location: str


@dataclass(frozen=True)
class Refusal:
    """Nothing to be shown, and why."""

    status: HTTPStatus
    text: str


Answer = Union[Found, Redirect, Refusal]
NOT_FOUND = Refusal(HTTPStatus.NOT_FOUND, "The index has no such page or file.")
BAD_REQUEST = Refusal(HTTPStatus.BAD_REQUEST, "The target of the request is not a URL.")
NOT_ACCEPTABLE = Refusal(
    HTTPStatus.NOT_ACCEPTABLE, f"The page has one of these types: {', '.join(form.value for form in SimpleForm)}."
)


@dataclass(frozen=True)
class Site:
    """The pages and files of an index, by the targets of requests."""

    index: ReleaseIndex

    def answer(self, target: str, accept: str | None) -> Answer:
        """Return what a request gets.

        Args:
            target: The path with its query, as in the request line.
            accept: The request's header. None if it has none.
        """
        try:
            path, _, query = (target if target.startswith("/") else _origin_form(target)).partition("?")
        except ValueError:
            return BAD_REQUEST
        segments = _segments(path)
        if segments is None:
            return NOT_FOUND
        room, *rest = segments
        if room in (SIMPLE, JSON_PAGES):
            answer = self._simple(room, rest, query, accept)
        elif room == RELEASES:
            answer = self._release(rest)
        elif room == FILES:
            answer = self._file(rest)
        elif segments == [CURRENT, SETS]:
            answer = self._of_generation(SETS, _LINES)
        else:
            answer = self._page(room or PAGE) if not rest and room in ("", PAGE, FIND_LINKS) else NOT_FOUND
        if isinstance(answer, Redirect) and query:
            return Redirect(f"{answer.location}?{query}")
        return answer

    def _page(self, name: str) -> Answer:
        return self._of_generation(name, _HTML)

    def _simple(self, room: str, rest: list[str], query: str, accept: str | None) -> Answer:
        """Return the page of a project or of all: `NAME/`, or the file of a page, such as `NAME/index.html`."""
        names = (PAGE, "") if room == SIMPLE else (JSON_PAGE, "")
        if not rest:
            return Redirect(f"{quote(room, safe='+')}/")
        *projects, name = rest
        if len(projects) > 1:
            return NOT_FOUND
        if not projects and name not in names:
            # The slash at the end is missing.
            project = canonicalize_name(name)
            return Redirect(f"{project}/") if self._has_project(room, project) else NOT_FOUND
        if name not in names:
            return NOT_FOUND
        for given in projects:
            project = canonicalize_name(given)
            if project != given:
                found = self._has_project(room, project)
                return Redirect(f"../{project}/{name}") if found else NOT_FOUND
        return self._simple_page(room, "".join(f"{project}/" for project in projects), name, query, accept)

    def _simple_page(self, room: str, folder: str, name: str, query: str, accept: str | None) -> Answer:
        if room == JSON_PAGES:
            return self._of_generation(f"{JSON_PAGES}/{folder}{JSON_PAGE}", SimpleForm.JSON.value)
        if name:
            return self._of_generation(f"{SIMPLE}/{folder}{PAGE}", _HTML)
        named = parse_qs(query).get("format")
        form = form_of(named[-1]) if named else negotiated_form(accept)
        if form is None:
            return NOT_ACCEPTABLE
        path = f"{JSON_PAGES}/{folder}{JSON_PAGE}" if form.is_json else f"{SIMPLE}/{folder}{PAGE}"
        content_type = _HTML if form is SimpleForm.LEGACY_HTML else form.value
        return self._of_generation(path, content_type, is_negotiated=True)

    def _has_project(self, room: str, project: str) -> bool:
        name = PAGE if room == SIMPLE else JSON_PAGE
        return isinstance(self._of_generation(f"{room}/{project}/{name}", _HTML), Found)

    def _release(self, rest: list[str]) -> Answer:
        """Return the page of a set, or a file of its record."""
        if len(rest) < 2 or not rest[1]:
            return NOT_FOUND
        name, version, *inner = rest
        folder = self.index.record_path(name, version)
        if not inner:
            return Redirect(f"{quote(version, safe='+!')}/") if _inside(folder, self.index.folder) else NOT_FOUND
        if inner[0] in _PRIVATE:
            return NOT_FOUND
        path = folder.joinpath(*inner[:-1], inner[-1] or PAGE)
        return self._public(path, content_type(path.name))

    def _file(self, rest: list[str]) -> Answer:
        if len(rest) != 2 or not _SHA256.fullmatch(rest[0]) or not rest[1]:
            return NOT_FOUND
        path = self.index.file_path(rest[0], rest[1])
        # An attestation can come in later than its file.
        return self._public(path, content_type(path.name), is_immutable=not path.name.endswith(PROVENANCE))

    def _of_generation(self, name: str, content_type: str, *, is_negotiated: bool = False) -> Answer:
        """Return a page of the newest generation. The link is read once for each attempt."""
        before = None
        for _ in range(_ATTEMPTS):
            generation = self.index.generation
            if generation == before:
                break
            path = generation / name
            if _is_public(path, self.index.folder):
                return Found(path, content_type, is_negotiated=is_negotiated)
            before = generation
        return NOT_FOUND

    def _public(self, path: Path, content_type: str, *, is_immutable: bool = False) -> Answer:
        if _is_public(path, self.index.folder):
            return Found(path, content_type, is_immutable=is_immutable)
        return NOT_FOUND


def content_type(name: str) -> str:
    """Return the type of a file by its name."""
    return next((found for ending, found in _TYPES.items() if name.endswith(ending)), _BINARY)


def _origin_form(target: str) -> str:
    """Return path and query of a target that has a scheme and a host, as proxies send it.

    Raises:
        ValueError: If it is not a URL.
    """
    parts = urlsplit(target)
    return f"{parts.path or '/'}?{parts.query}"


def _segments(path: str) -> list[str] | None:
    """Return the decoded parts of a path. The last one is empty if the path ends with a slash.

    None if one of them could mean another folder, or a hidden file: what is encoded in a part is never a separator.
    """
    if not path.startswith("/"):
        return None
    try:
        *folders, last = (unquote(part, errors="strict") for part in path[1:].split("/"))
    except UnicodeDecodeError:
        return None
    return None if any(map(_leads_away, folders)) or (last and _leads_away(last)) else [*folders, last]


def _leads_away(part: str) -> bool:
    return not part or part.startswith(".") or any(letter in "/\\:" or ord(letter) < ord(" ") for letter in part)


def _inside(path: Path, folder: Path) -> Path | None:
    """Return where a path leads when all links are followed, or None if that is outside of a folder or nothing."""
    try:
        real = path.resolve(strict=True)
        return real if folder.resolve() in real.parents else None
    except (OSError, RuntimeError, ValueError):
        # RuntimeError: a ring of links. ValueError: a name that the file system's encoding does not have.
        return None


def _is_public(path: Path, folder: Path) -> bool:
    """Return whether a path is a file inside of a folder when all links are followed."""
    real = _inside(path, folder)
    return real is not None and real.is_file()
