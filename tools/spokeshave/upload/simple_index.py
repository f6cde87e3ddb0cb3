"""A simple index (PEP 503 and 691): its files, and comparison of one with a local file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import requests
from packaging.utils import canonicalize_name
from twine.repository import TEST_WAREHOUSE, WAREHOUSE_WEB
from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

from spokeshave.upload.answer_text import MalformedPageError, parse_page, text_of

_KNOWN = {
    urlsplit(DEFAULT_REPOSITORY).hostname: f"{WAREHOUSE_WEB}simple/",
    urlsplit(TEST_REPOSITORY).hostname: f"{TEST_WAREHOUSE}simple/",
}
_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
# Hashes that identify a file. If an index has only others, the file is downloaded.
_ALGORITHMS = ("sha256", "sha512", "sha384", "blake2b")
_CHUNK = 1 << 20
_REDIRECTS = 5


class UnreadableIndexError(Exception):
    """An index whose files cannot be listed. Callers convert the message for users."""


@dataclass(frozen=True)
class IndexedFile:
    """A file of an index, with the index's hashes in hex by algorithm."""

    url: str
    hashes: Mapping[str, str]


class _Links(HTMLParser):
    """The targets of a page's links, resolved against its base."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._base = page
        self.found: list[str] = []
        self.asks_for_password = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        self.asks_for_password |= tag == "input" and (dict(attrs).get("type") or "").lower() == "password"
        if tag == "base" and target:
            self._base = urljoin(self._base, target)
        elif tag == "a" and target:
            self.found.append(urljoin(self._base, target))


def simple_index_of(upload_url: str) -> str:
    """Return the simple index of an upload endpoint, in the layout of PyPI and most index servers."""
    parts = urlsplit(upload_url)
    if parts.hostname in _KNOWN:
        return _KNOWN[parts.hostname]
    path = re.sub(r"/(legacy|upload|simple)$", "", parts.path.rstrip("/"))
    return parts._replace(path=f"{path}/simple/", query="", fragment="").geturl()


def simple_index_of_devpi(upload_url: str) -> str:
    """Return the simple index of an upload endpoint in devpi's layout."""
    parts = urlsplit(upload_url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/+simple/", query="", fragment="").geturl()


def list_files(session: requests.Session, index: str, project: str) -> dict[str, IndexedFile]:
    """Return the files of a project by name. Empty if the index does not have the project.

    Raises:
        UnreadableIndexError: If the answer is not a listing.
        RequestException: For network errors.
    """
    page = urljoin(index.rstrip("/") + "/", canonicalize_name(project) + "/")
    response = _get_from_index(session, page)
    if response is None or response.status_code == requests.codes.not_found:
        return {}
    _check_answer(response)
    if "json" in response.headers.get("Content-Type", ""):
        return files_of_json(response)
    return files_of_html(text_of(response), response.url)


def _check_answer(response: requests.Response) -> None:
    if not 200 <= response.status_code < 300:
        raise UnreadableIndexError(f"{response.status_code} {response.reason}".strip())


def _get_from_index(session: requests.Session, page: str) -> requests.Response | None:
    """Return the page, or None if the index redirects to another one, as many do for projects that they do not have.

    Raises:
        UnreadableIndexError: For a redirect to anything else, such as a login page of another host.
    """
    project = urlsplit(page).path.rstrip("/").rpartition("/")[2]
    for _ in range(_REDIRECTS):
        headers = {"Accept": _ACCEPT, "Cache-Control": "no-cache"}
        response = session.get(page, headers=headers, allow_redirects=False)
        if not response.is_redirect:
            return response
        target = urljoin(page, response.headers["location"])
        if urlsplit(target).netloc != urlsplit(page).netloc:
            if unquote(urlsplit(target).path).rstrip("/").endswith(f"/{project}"):
                return None
            raise UnreadableIndexError(f"it redirects to {urlsplit(target).netloc}")
        page = target
    raise UnreadableIndexError("it redirects in a loop")


def files_of_html(text: str, page: str) -> dict[str, IndexedFile]:
    """Return the files that a page of PEP 503 links to.

    Raises:
        UnreadableIndexError: For a login page or a malformed one.
    """
    links = _Links(page)
    try:
        parse_page(links, text)
    except MalformedPageError as err:
        raise UnreadableIndexError("its page has malformed HTML or an invalid link") from err
    if links.asks_for_password:
        raise UnreadableIndexError("it answers with a login page")
    found = {}
    for target in links.found:
        url, fragment = urldefrag(target)
        algorithm, _, value = fragment.partition("=")
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        found[name] = IndexedFile(url, {algorithm: value.lower()} if value else {})
    return found


def files_of_json(response: requests.Response) -> dict[str, IndexedFile]:
    """Return the files in an answer of PEP 691.

    Raises:
        UnreadableIndexError: If it is malformed.
    """
    try:
        return {
            file["filename"]: IndexedFile(
                urljoin(response.url, file["url"]),
                {algorithm: value.lower() for algorithm, value in file.get("hashes", {}).items()},
            )
            for file in response.json()["files"]
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
        raise UnreadableIndexError("its JSON is not what PEP 691 says") from err


def has_same_bytes(session: requests.Session, file: IndexedFile, here: Path) -> bool:
    """Return whether a file of the index has the bytes of a local file: by hash, or else by download.

    Raises:
        UnreadableIndexError: If it cannot be downloaded.
        RequestException: For network errors.
    """
    for algorithm in _ALGORITHMS:
        if algorithm in file.hashes:
            return file.hashes[algorithm] == _hash_of_file(here, algorithm)
    try:
        theirs = _hash_of_download(session, file.url)
    except ValueError as err:
        # requests' errors for an invalid URL or another scheme are subclasses of this.
        raise UnreadableIndexError("it has an invalid URL, or one that is not of http or https") from err
    return theirs == _hash_of_file(here, "sha256")


def _hash_of_download(session: requests.Session, url: str) -> str:
    digest = hashlib.sha256()
    with session.get(url, stream=True) as response:
        _check_answer(response)
        if "html" in response.headers.get("Content-Type", ""):
            raise UnreadableIndexError("it is a web page and not a file")
        for chunk in response.iter_content(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _hash_of_file(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm)
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()
