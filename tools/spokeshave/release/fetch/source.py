"""Where releases and wheels are fetched from: a release index, any other index, a page of links, or a folder.

Credentials are those of ~/.pypirc for `@NAME`. TWINE_USERNAME and TWINE_PASSWORD are not used: they belong to the
index that a release is published to, which is another one in the same run of a deployment.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit
from urllib.request import url2pathname

import requests

from spokeshave.files import iter_chunks
from spokeshave.release.fetch.failures import AbsentError, FetchError, PassingError
from spokeshave.release.fetch.sums import read_sums_file
from spokeshave.release.index.folder import (
    CURRENT,
    FILES,
    FIND_LINKS,
    JSON_PAGES,
    PAGE,
    RELEASES,
    SETS,
    SIMPLE,
    set_line,
)
from spokeshave.release.record import MANIFEST, SUMS, file_path, manifest_sha256, read_record
from spokeshave.upload.endpoint import Scrubber, check_url, find_endpoint, without_userinfo
from spokeshave.upload.refusal import RUN_AGAIN, unreachable
from spokeshave.upload.simple_index import (
    IndexedFile,
    ProjectPage,
    UnreadableIndexError,
    is_known_index,
    opened_file,
    page_of_html,
    read_links,
    read_page,
    simple_index_of,
)
from spokeshave.upload.transport import environment_scrubber, open_index, retry_after
from spokeshave_core.problems import Problem
from spokeshave_core.release.index import IndexedSet

FORMS = (
    "the URL of an index or of its simple pages, `@NAME` (pypi, testpypi, or a repository of ~/.pypirc), the URL of a "
    "page of links (one that ends with .html, or links:URL), index:DIR, or folder:DIR (a record, or wheels with a file "
    "SHA256SUMS)"
)
_CHECK = "Check --from, and the network. Then run the command again: it continues."
_DESTINATIONS_OWN = ("TWINE_USERNAME", "TWINE_PASSWORD")
_PAGES = re.compile(rf"(/({SIMPLE}|{re.escape(JSON_PAGES)}|{re.escape(FIND_LINKS)}))?/*$")
_Result = TypeVar("_Result")


class Source(Protocol):
    """Where something is fetched from. No method repeats a failed request by itself, except for lost connections.

    Attributes:
        label: For messages, without credentials.
    """

    label: str

    def read(self, path: str) -> bytes | None:
        """Return a small file of a release index by its path in it. None if it does not exist.

        Raises:
            FetchError: If it cannot be read.
        """

    def url(self, path: str) -> str:
        """Return the URL of a file of a release index."""

    def page(self, project: str) -> ProjectPage | None:
        """Return the files of a project. None if the source does not have it.

        Raises:
            FetchError: If it cannot be read.
        """

    def open(self, name: str, url: str) -> contextlib.AbstractContextManager[tuple[Iterator[bytes], int | None]]:
        """Open a file that a page lists, or one of `url`: its bytes in pieces, and their number if it is known.

        Args:
            name: The file's name for messages.

        Raises:
            FetchError: If it cannot be read, also from the pieces.
        """


@dataclass(frozen=True)
class SourceOptions:
    """What a user says of a source besides its text. `simple` is the URL of the simple pages of `@NAME`."""

    simple: str | None
    timeout: float


@contextlib.contextmanager
def open_source(text: str, options: SourceOptions, environment: Mapping[str, str]) -> Iterator[Source]:
    """Open a source.

    Raises:
        FetchError: If the text names none.
        InvalidEndpointError: If the URL or ~/.pypirc is not valid.
    """
    kind, colon, rest = text.partition(":")
    if colon and rest and kind in ("index", "folder"):
        yield _local_source(text, Path(rest), is_index=kind == "index")
        return
    is_links = kind == "links"
    url = rest if is_links else text
    name = text[1:] if text.startswith("@") else None
    if name == "" or (name is None and not url.startswith(("http://", "https://"))):
        raise FetchError(Problem("--from", f"{without_userinfo(text)!r} is not a source", f"Give {FORMS}."))
    readable = {key: value for key, value in environment.items() if key not in _DESTINATIONS_OWN}
    if name is None:
        check_url(url, "--from")
    if options.simple:
        check_url(options.simple, "--check-url")
    endpoint = find_endpoint(name, None if name else url, readable, needs_credentials=False)
    simple = options.simple or (simple_index_of(endpoint.url) if name else url)
    scrub = environment_scrubber(endpoint, environment)
    with open_index(endpoint, simple, options.timeout, scrub, has_bar=False) as index:
        path = urlsplit(url).path
        is_page = name is None and (is_links or path.endswith((".html", ".htm")))
        yield HttpSource(
            session=index.session,
            pages=simple,
            is_page_of_links=is_page,
            may_have_releases=not is_known_index(endpoint.url) and (not is_page or path.endswith(f"/{FIND_LINKS}")),
            scrub=scrub,
        )


class HttpSource(Source):
    """An index or a page of links by HTTP.

    Args:
        pages: The URL of the simple pages, or of the page of links.
        is_page_of_links: Whether it is one page of files of all projects.
        may_have_releases: Whether it may be a release index of ours.
    """

    def __init__(
        self,
        *,
        session: requests.Session,
        pages: str,
        is_page_of_links: bool,
        may_have_releases: bool,
        scrub: Scrubber,
    ) -> None:
        self.label = without_userinfo(pages)
        self._session = session
        self._pages = pages
        self._is_page_of_links = is_page_of_links
        self._may_have_releases = may_have_releases
        self._root = _PAGES.sub("/", pages)
        self._is_ours = False
        self._scrub = scrub

    def read(self, path: str) -> bytes | None:
        """Return a file of a release index. None also for a web page, which other indexes have everywhere."""
        if not self._may_have_releases:
            return None
        try:
            with self.open(path, self.url(path)) as (pieces, _):
                data = b"".join(pieces)
        except PassingError:
            raise
        except FetchError as err:
            if self._is_ours and not isinstance(err, AbsentError):
                raise
            return None
        self._is_ours = self._is_ours or not data or data.startswith(b"{")
        return data if self._is_ours else None

    def url(self, path: str) -> str:
        """Return the URL of a file of a release index."""
        return urljoin(self._root, quote(path))

    def page(self, project: str) -> ProjectPage | None:
        """Return the page of a project, or that of all projects."""
        if self._is_page_of_links and not self._is_ours:
            return self._ask(project, lambda: read_links(self._session, self._pages))
        # The user may give the root of our own index, and any other one by its simple pages.
        pages = urljoin(self._root, f"{SIMPLE}/") if self._is_ours else self._pages
        return self._ask(project, lambda: read_page(self._session, pages, project, follows=True))

    @contextlib.contextmanager
    def open(self, name: str, url: str) -> Iterator[tuple[Iterator[bytes], int | None]]:
        """Open a file."""
        with contextlib.ExitStack() as stack:
            pieces, size = self._ask(name, lambda: stack.enter_context(opened_file(self._session, url)))
            yield self._pieces(name, pieces), size

    def _pieces(self, name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        while (piece := self._ask(name, lambda: next(pieces, None))) is not None:
            yield piece

    def _ask(self, place: str, ask: Callable[[], _Result]) -> _Result:
        """Return the result of a request, with its errors as ours."""
        try:
            return ask()
        except UnreadableIndexError as err:
            problem = Problem(place, f"{self.label} does not give it: {self._scrub(str(err))}", _CHECK)
            if err.is_absent or not err.may_pass:
                raise (AbsentError if err.is_absent else FetchError)(problem) from err
            passing = PassingError(problem)
            passing.retry_after = retry_after(err.retry_after)
            raise passing from err
        except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL) as err:
            message = f"{self.label} has an invalid URL of it, or one that is not of http or https"
            raise FetchError(Problem(place, message, _CHECK)) from err
        except requests.RequestException as err:
            problem = unreachable(place, self.label, err, RUN_AGAIN)
            scrubbed = Problem(place, self._scrub(problem.message, self.label, place), problem.remedy)
            raise PassingError(scrubbed) from err


class LocalFiles(Source):
    """Files in a folder of this machine."""

    def __init__(self, label: str, folder: Path) -> None:
        self.label = label
        self._folder = folder.absolute()

    def read(self, path: str) -> bytes | None:
        """Return a file of a release index."""
        try:
            return self._place(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def url(self, path: str) -> str:
        """Return the URL of a file of a release index."""
        return self._place(path).as_uri()

    def _place(self, path: str) -> Path:
        """Return where a file of a release index is."""
        return self._folder / path

    @contextlib.contextmanager
    def open(self, name: str, url: str) -> Iterator[tuple[Iterator[bytes], int | None]]:
        """Open a file."""
        path = Path(url2pathname(urlsplit(url).path))
        try:
            stream = path.open("rb")
        except FileNotFoundError as err:
            raise AbsentError(Problem(name, f"{self.label} does not have it", _CHECK)) from err
        with stream:
            yield iter_chunks(stream), path.stat().st_size


class LocalIndex(LocalFiles):
    """A release index in a folder. Its pages may be of others, so that only files in it are read."""

    def page(self, project: str) -> ProjectPage | None:
        """Return the page of a project."""
        path = f"{SIMPLE}/{project}/{PAGE}"
        data = self.read(path)
        try:
            return None if data is None else page_of_html(data.decode("utf-8"), self.url(path))
        except (UnreadableIndexError, UnicodeDecodeError) as err:
            message = f"{self.label} has a page of it that cannot be read: {err}"
            raise FetchError(Problem(project, message, "Run `spokeshave index verify`.")) from err

    @contextlib.contextmanager
    def open(self, name: str, url: str) -> Iterator[tuple[Iterator[bytes], int | None]]:
        """Open a file below the folder."""
        path = Path(url2pathname(urlsplit(url).path))
        if not url.startswith("file:") or self._folder.resolve() not in path.resolve().parents:
            message = f"{self.label} lists {unquote(url)}, which is outside of it"
            raise FetchError(Problem(name, message, "Run `spokeshave index verify`."))
        with super().open(name, url) as opened:
            yield opened


class LocalFolder(LocalFiles):
    """A folder of wheels and sdists, or of links to them. Its hashes are those of its SHA256SUMS, if it has one."""

    def page(self, project: str) -> ProjectPage | None:  # noqa: ARG002 (the protocol's)
        """Return all files of the folder."""
        path = self._folder / SUMS
        sums = read_sums_file(path) if path.is_file() else {}
        files = [path for path in sorted(self._folder.iterdir()) if path.is_file()]
        return ProjectPage(
            {
                path.name: IndexedFile(
                    url=path.as_uri(),
                    hashes={"sha256": sums[path.name]} if path.name in sums else {},
                    size=path.stat().st_size,
                )
                for path in files
            }
        )

    def read(self, path: str) -> bytes | None:  # noqa: ARG002 (the protocol's)
        """Return None: it is not a release index."""
        return None


class LocalRecord(LocalFiles):
    """A release record in a folder, which is read as a release index of it alone.

    Raises:
        InvalidRecordError: If its manifest cannot be read.
    """

    def __init__(self, label: str, folder: Path) -> None:
        super().__init__(label, folder)
        self._record = read_record(folder)

    def page(self, project: str) -> ProjectPage | None:  # noqa: ARG002 (the protocol's)
        """Return all files of the record."""
        return ProjectPage(
            {
                file.name: IndexedFile(
                    url=file_path(self._folder, file.name).as_uri(), hashes={"sha256": file.sha256}, size=file.size
                )
                for file in self._record.files
            }
        )

    def read(self, path: str) -> bytes | None:
        """Return a file of the record, or the list of the index that it would be."""
        return set_line(self._listed()).encode() if path == f"{CURRENT}/{SETS}" else super().read(path)

    def _listed(self) -> IndexedSet:
        record = self._record
        return IndexedSet(
            name=record.name,
            version=record.version,
            channel=record.channel,
            commit=record.commit,
            manifest_sha256=manifest_sha256(self._folder),
            added="",
            projects=tuple(sorted(record.projects)),
            files=len(record.files),
            size=sum(file.size for file in record.files),
        )

    def _place(self, path: str) -> Path:
        folder, _, rest = path.partition("/")
        if folder == FILES:
            return file_path(self._folder, rest.rpartition("/")[2])
        return self._folder / path[len(f"{RELEASES}/{self._record.name}/{self._record.version}/") :]


def _local_source(label: str, folder: Path, *, is_index: bool) -> Source:
    """Return the source of a folder, which may be that of a release index, a record, or any other."""
    has_releases = (folder / CURRENT / SETS).is_file()
    if has_releases:
        return LocalIndex(label, folder)
    if is_index or not folder.is_dir():
        what = "a release index" if is_index else "a folder"
        raise FetchError(Problem(str(folder), f"is not {what}", f"Give {FORMS}."))
    is_record = (folder / MANIFEST).is_file() and (folder / FILES).is_dir()
    return LocalRecord(label, folder) if is_record else LocalFolder(label, folder)
