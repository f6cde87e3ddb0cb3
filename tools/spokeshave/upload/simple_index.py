"""A simple index (PEP 503 and 691): its files, and comparison of one with a local file."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import requests
from packaging.utils import canonicalize_name
from twine.repository import TEST_WAREHOUSE, WAREHOUSE_WEB
from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY
from urllib3.exceptions import HTTPError, ReadTimeoutError

from spokeshave.upload.answer_text import MalformedPageError, parse_page, text_of
from spokeshave.upload.attempt import is_temporary
from spokeshave_core.json_values import parse_any

_KNOWN = {
    urlsplit(DEFAULT_REPOSITORY).hostname: f"{WAREHOUSE_WEB}simple/",
    urlsplit(TEST_REPOSITORY).hostname: f"{TEST_WAREHOUSE}simple/",
}
_JSON = "application/vnd.pypi.simple.v1+json"
HTML_ONLY = "application/vnd.pypi.simple.v1+html, text/html;q=0.1"
ANY_KIND = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
# Hashes that identify a file. If an index has only others, the file is downloaded.
_ALGORITHMS = ("sha256", "sha512", "sha384", "blake2b")
# A hash in the fragment of a link, which may have other fields, as pip reads it.
_HASH = re.compile(r"(?:^|&)(md5|sha\d+|blake2[bs])=([0-9a-f]+)(?=&|$)", re.IGNORECASE)
# Answers of storage for a file that the index lists already.
_NOT_THERE_YET = (403, 404)
# Some storages have 403 for a file that they do not have.
_ABSENT = (403, 404, 410)
_CHUNK = 1 << 20
# Of a file in bytes.
_LENGTH = re.compile(r"[0-9]{1,15}")
_REDIRECTS = 5


class UnreadableIndexError(Exception):
    """An index whose files cannot be listed. Callers convert the message for users.

    Attributes:
        may_pass: Whether the index may list them later, because it is overloaded or fails.
        retry_after: The header `Retry-After` of its answer.
        is_absent: Whether it says that it does not have what was asked for.
    """

    def __init__(
        self, message: str, *, may_pass: bool = False, retry_after: str | None = None, is_absent: bool = False
    ) -> None:
        super().__init__(message)
        self.is_absent = is_absent
        self.may_pass = may_pass
        self.retry_after = retry_after


class UnofferedKindError(UnreadableIndexError):
    """An index that has a page, but not in the kind that was asked for."""


@dataclass(frozen=True)
class IndexedFile:
    """A file of an index, with the index's hashes in hex by algorithm.

    Attributes:
        size: In bytes.
        upload_time: As the index writes it.
        yanked: The reason, which may be empty; None if it is not yanked.
        provenance: The URL of its attestations.
    """

    url: str
    hashes: Mapping[str, str]
    size: int | None = None
    upload_time: str | None = None
    yanked: str | None = None
    provenance: str | None = None


@dataclass(frozen=True)
class ProjectPage:
    """The page of a project.

    Attributes:
        versions: None if the page does not list them (PEP 700).
        is_of_warehouse: Whether the index is PyPI, or another Warehouse.
    """

    files: Mapping[str, IndexedFile]
    status: str = "active"
    versions: tuple[str, ...] | None = None
    is_of_warehouse: bool = False


class _Links(HTMLParser):
    """The links of a page: their attributes, with the target resolved against the page's base."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._base = page
        self.found: list[dict[str, str]] = []
        self.status = "active"
        self.asks_for_password = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        target = values.get("href")
        self.asks_for_password |= tag == "input" and values.get("type", "").lower() == "password"
        if tag == "meta" and values.get("name") == "pypi:project-status":
            self.status = values.get("content") or self.status
        elif tag == "base" and target:
            self._base = urljoin(self._base, target)
        elif tag == "a" and target:
            self.found.append({**values, "href": urljoin(self._base, target)})


def is_known_index(upload_url: str) -> bool:
    """Return whether an upload endpoint is that of PyPI or TestPyPI."""
    return urlsplit(upload_url).hostname in _KNOWN


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


def list_files(session: requests.Session, index: str, project: str) -> Mapping[str, IndexedFile]:
    """Return the files of a project by name. Empty if the index does not have the project.

    Raises:
        UnreadableIndexError: If the answer is not a listing.
        RequestException: For network errors.
    """
    page = read_page(session, index, project)
    return page.files if page else {}


def read_page(
    session: requests.Session,
    index: str,
    project: str,
    kinds: str = ANY_KIND,
    *,
    is_fresh: bool = True,
    follows: bool = False,
) -> ProjectPage | None:
    """Return the page of a project. None if the index does not have the project.

    Args:
        kinds: The accepted content types.
        is_fresh: Whether to ask for a page that is not from a cache, which installers do not.
        follows: Whether to follow a redirect to another host, as installers do. Otherwise the page is that of this
            index alone, such as for a comparison with what was uploaded to it.

    Raises:
        UnofferedKindError: If the index has no page of these kinds.
        UnreadableIndexError: If the answer is not a listing.
        RequestException: For network errors.
    """
    return _page_at(
        session, urljoin(index.rstrip("/") + "/", canonicalize_name(project) + "/"), kinds, is_fresh, follows
    )


def read_links(session: requests.Session, url: str) -> ProjectPage | None:
    """Return the files that a page of links has, of any projects (find-links). None if it does not exist.

    A redirect to another host is followed, as installers do.

    Raises:
        UnreadableIndexError: If the answer is not such a page.
        RequestException: For network errors.
    """
    return _page_at(session, url, HTML_ONLY, is_fresh=True, follows=True)


def _page_at(session: requests.Session, url: str, kinds: str, is_fresh: bool, follows: bool) -> ProjectPage | None:
    headers = {"Accept": kinds, **({"Cache-Control": "no-cache"} if is_fresh else {})}
    response = _get_from_index(session, url, headers, follows)
    if response is None or response.status_code == requests.codes.not_found:
        return None
    _check_answer(response)
    if "json" in response.headers.get("Content-Type", ""):
        return page_of_json(response)
    return page_of_html(text_of(response), response.url)


def _check_answer(response: requests.Response, passing: Collection[int] = ()) -> None:
    """Raise an error for anything but success. `passing` are statuses that may pass, besides the usual ones."""
    status = response.status_code
    if not 200 <= status < 300:
        kind = UnofferedKindError if status == requests.codes.not_acceptable else UnreadableIndexError
        raise kind(
            f"{status} {response.reason}".strip(),
            may_pass=is_temporary(status) or status in passing,
            retry_after=response.headers.get("Retry-After"),
            is_absent=status in _ABSENT,
        )


def _get_from_index(
    session: requests.Session, page: str, headers: Mapping[str, str], follows: bool
) -> requests.Response | None:
    """Return the page, or None if the index redirects to another one, as many do for projects that they do not have.

    Each redirect is a request of its own, so that the session's credentials go to their own host alone.

    Args:
        follows: Whether to read the page of another host.

    Raises:
        UnreadableIndexError: For a redirect to anything else, such as a login page of another host.
    """
    project = urlsplit(page).path.rstrip("/").rpartition("/")[2]
    for _ in range(_REDIRECTS):
        response = session.get(page, headers=headers, allow_redirects=False)
        if not response.is_redirect:
            return response
        target = urljoin(page, response.headers["location"])
        if not follows and urlsplit(target).netloc != urlsplit(page).netloc:
            if unquote(urlsplit(target).path).rstrip("/").endswith(f"/{project}"):
                return None
            host = urlsplit(target).netloc.rpartition("@")[2]
            raise UnreadableIndexError(f"it redirects to {host}. If the index has moved there, give that URL")
        page = target
    raise UnreadableIndexError("it redirects in a loop")


def page_of_html(text: str, page: str) -> ProjectPage:
    """Return what a page of PEP 503 lists.

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
    for link in links.found:
        url, fragment = urldefrag(link["href"])
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        hashes = {algorithm.lower(): value.lower() for algorithm, value in _HASH.findall(fragment)}
        found[name] = IndexedFile(
            url=url, hashes=hashes, yanked=link.get("data-yanked"), provenance=link.get("data-provenance")
        )
    return ProjectPage(found, links.status)


def page_of_json(response: requests.Response) -> ProjectPage:
    """Return what an answer of PEP 691 lists, with the fields of PEP 700 and 792 if it has them.

    Raises:
        UnreadableIndexError: If it is malformed.
    """
    try:
        page = parse_any(response.content)
        versions = page.get("versions")
        return ProjectPage(
            files={_text(file["filename"]): _file_of_json(file, response.url) for file in page["files"]},
            status=str((page.get("project-status") or {}).get("status", "active")),
            versions=tuple(map(str, versions)) if versions is not None else None,
            is_of_warehouse="_last-serial" in page.get("meta", {}),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as err:
        raise UnreadableIndexError("its JSON is not what PEP 691 says") from err


def _file_of_json(file: dict[str, Any], page: str) -> IndexedFile:
    size = file.get("size")
    yanked = file.get("yanked", False)
    return IndexedFile(
        url=urljoin(page, _text(file["url"])),
        hashes={algorithm: value.lower() for algorithm, value in file.get("hashes", {}).items()},
        size=int(size) if size is not None else None,
        upload_time=_optional_text(file.get("upload-time")),
        yanked=None if yanked is False or yanked is None else "" if yanked is True else str(yanked),
        provenance=_optional_text(file.get("provenance")),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


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
    """Return the sha256 of a file of an index."""
    digest = hashlib.sha256()
    with opened_file(session, url, _NOT_THERE_YET) as (pieces, _):
        for piece in pieces:
            digest.update(piece)
    return digest.hexdigest()


@contextlib.contextmanager
def opened_file(
    session: requests.Session, url: str, passing: Collection[int] = ()
) -> Iterator[tuple[Iterator[bytes], int | None]]:
    """Yield the bytes of a file that installers store, in pieces, and their number if the answer has it.

    A `Content-Encoding` is not decoded, as pip does not.

    Args:
        passing: Statuses that may pass, besides the usual ones.

    Raises:
        UnreadableIndexError: If it cannot be downloaded.
        RequestException: For network errors, also from the pieces.
    """
    with session.get(url, headers={"Accept-Encoding": "identity"}, stream=True) as response:
        _check_answer(response, passing)
        if "html" in response.headers.get("Content-Type", ""):
            raise UnreadableIndexError("it is a web page and not a file")
        length = response.headers.get("Content-Length", "")
        yield _pieces(response), int(length) if _LENGTH.fullmatch(length) else None


def _pieces(response: requests.Response) -> Iterator[bytes]:
    try:
        yield from response.raw.stream(_CHUNK, decode_content=False)
    except HTTPError as err:
        # requests turns these into its own errors only where it decodes the answer.
        kind = requests.ReadTimeout if isinstance(err, ReadTimeoutError) else requests.ConnectionError
        raise kind(err) from err


def _hash_of_file(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm)
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()
