"""Package indexes: their pages, their answers, their sdists, and requests to our own server."""

from __future__ import annotations

import functools
import gzip
import io
import tarfile
import tempfile
import threading
import zipfile
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import requests
from packaging.version import Version

from hostile.limits import BrokenRuleError, Target
from hostile.targets.common import each_of, in_file
from hostile.targets.texts import JSON_WORDS, PYPROJECT, texts
from hostile.targets.wheels import METADATA, RECIPE, wheel_seeds
from spokeshave.errors import InvalidWheelError
from spokeshave.release.check.file.reader import read_file
from spokeshave.release.destination.index import _listed
from spokeshave.release.destination.static_index import StaticIndexDestination
from spokeshave.release.fetch.release_index import SetChoice, choose_set
from spokeshave.release.index.folder import JSON_PAGE, JSON_PAGES, ReleaseIndex, read_sets
from spokeshave.release.index.server.http_server import IndexServer, _Handler
from spokeshave.release.index.server.site import Site
from spokeshave.release.seal.artifact import read_artifact
from spokeshave.release.verification.findings import Findings
from spokeshave.release.verification.listing import (
    InvalidPageError,
    read_html,
    read_html_projects,
    read_json,
    read_json_projects,
)
from spokeshave.release.verification.sets import read_list
from spokeshave.release.version_search import VersionSearch
from spokeshave.release.version_traces import TraceFinder
from spokeshave.sdist import intake_command
from spokeshave.sdist.archive import SdistFile, read_sdist, write_sdist
from spokeshave.sdist.backend_stamping import stamp_sdist_of_backend
from spokeshave.sdist.stamping import read_sdist_facts, stamp_sdist
from spokeshave.standalone.unpack import RefusedArchiveError, unpack
from spokeshave.upload.refusal import is_accepted, refusal, says_file_exists
from spokeshave.upload.simple_index import UnreadableIndexError, page_of_html, page_of_json
from spokeshave.upload.transport import retry_after
from spokeshave.upload.warehouse import parse_project
from spokeshave.wheel.version_facts import VersionFacts

URL = "https://example.org/simple/demo/"
HTML = b"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1"><title>x</title></head><body>
<a href="../../files/ab/demo-1.0-py3-none-any.whl#sha256=00000000000000000000000000000000000000000000000000000000000000"
data-requires-python="&gt;=3.9" data-yanked="x" data-core-metadata="sha256=00">demo-1.0-py3-none-any.whl</a><br>
<!-- comment --><a href="https://example.org/demo-1.0.tar.gz">demo-1.0.tar.gz</a></body></html>
"""
JSON = b"""{"meta": {"api-version": "1.1", "_last-serial": 1}, "name": "demo", "versions": ["1.0"], "files": [{
"filename": "demo-1.0-py3-none-any.whl", "url": "../demo-1.0-py3-none-any.whl", "hashes": {"sha256": "00"}, "size": 3,
"upload-time": "2026-01-01T00:00:00Z", "yanked": "x", "requires-python": ">=3.9", "core-metadata": {"sha256": "00"},
"provenance": "https://example.org/p"}], "projects": [{"name": "demo"}], "project-status": {"status": "active"}}
"""
SETS = b"""{"name": "abacus", "version": "1.0", "channel": "stable", "commit": "ab", "manifest_sha256": "00", "added":
"2026-11-30T01:02:03.000000Z", "projects": ["demo"], "files": 1, "size": 3}
""".replace(b"\n", b" ", 1)
HTML_WORDS = (
    *(b"<!--" * 300, b"<![" * 300, b"<!" * 300, b"<?" * 300, b"</" * 300, b"<a " * 300, b"&#" * 300, b"<" * 500),
    *(
        b"<base href='//[x'>",
        b"<a href='//[x'>",
        b"<a href='http://[::1'>",
        b"<![foo bar]>",
        b"<a href='\\0x'>",
        b"&#x110000;",
    ),
    *(b"<script>", b"<a href=", b"<a href='/..%2f..%2fx'>", b"&#99999999999;", b'<input type="password">', b"</script"),
    *(b"<a href='#sha256=" + b"0" * 2000, b"<title>", b"%00", b"<meta name='pypi:project-status' content='x'>"),
)
REQUEST = b"GET /simple/demo/ HTTP/1.1\r\nHost: x\r\nAccept: application/vnd.pypi.simple.v1+json;q=0.5, */*\r\n\r\n"
RANGE = (
    b'GET /index.html HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\nIf-None-Match: W/"a", *\r\n'
    b"If-Modified-Since: Mon, 30 Nov 2026 01:00:00 GMT\r\n\r\n"
)
REQUEST_WORDS = (
    *(
        b"../",
        b"%2e%2e/",
        b"%2f",
        b"%5c",
        b"%00",
        b"/.",
        b"//",
        b"/releases/x/1/",
        b"/files/" + b"0" * 64 + b"/a",
        b"?",
    ),
    *(b"http://[x/", b"Range: bytes=" + b"9" * 5000 + b"-\r\n", b"Range: bytes=-1\r\n", b";q=" + b"9" * 5000, b"\x00"),
    *(b"If-Modified-Since: " + b"9" * 5000 + b"\r\n", b"Content-Length: -1\r\n", b"\xff", b"format=", b"Accept: \r\n"),
    *(
        b"If-Modified-Since: Mon, 30 Nov 99999 01:00:00 +99999999999\r\n",
        b"HEAD ",
        b"POST ",
        b"HTTP/9.9",
        b"\r\n" * 200,
    ),
)


def _response(data: bytes, kind: str, status: int = 200) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.url = URL
    response.headers["Content-Type"] = kind
    response.raw = io.BytesIO(data)
    return response


def _answer(data: bytes, _: Path) -> None:
    """Read an answer to an upload, whose first bytes choose its status and its type."""
    kinds = ("text/html", "application/json", "text/plain; charset=idna", "text/html; charset=utf-16", "")
    statuses = (200, 400, 403, 409, 500, 301)
    status = statuses[data[0] % len(statuses)] if data else 200
    kind = kinds[data[1] % len(kinds)] if len(data) > 1 else ""
    response = _response(data[2:], kind, status)
    response.headers["location"] = data[2:300].decode("latin-1").replace("\n", "")
    retry_after(response.headers["location"])
    is_accepted(response)
    says_file_exists(response)
    refusal("demo.whl", URL, response, anonymous=True)


def _page(data: bytes, _: Path) -> None:
    page_of_html(data.decode("utf-8", "replace"), URL)


def _json_page(data: bytes, folder: Path) -> None:
    parse_project(data)
    each_of(lambda: _listed_page(data), lambda: _static_page(data, folder))


def _listed_page(data: bytes) -> None:
    """Read a page as publishing and fetching do."""
    page = page_of_json(_response(data, "application/json"))
    for name in sorted(page.files):
        _listed(name, page.files[name])


def _static_page(data: bytes, folder: Path) -> None:
    """Read a page of an index in a folder."""
    (folder / "generations/1").mkdir(parents=True)
    (folder / "current").symlink_to("generations/1")
    index = ReleaseIndex(folder)
    path = index.generation / JSON_PAGES / "demo" / JSON_PAGE
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    destination = StaticIndexDestination.__new__(StaticIndexDestination)
    destination._index = index
    destination.listing("demo")


def _listing(data: bytes, _: Path) -> None:
    faults = []
    for read in (
        lambda: read_html(data, "simple/demo/index.html"),
        lambda: read_html_projects(data),
        lambda: read_json(data, "v1+json/demo/index.json"),
        lambda: read_json_projects(data),
    ):
        try:
            read()
        except InvalidPageError as err:
            faults.append(err)
    if len(faults) == 4:
        raise faults[0]


def _sets(path: Path) -> None:
    findings = Findings(path.parent)
    read_list(path.parent, findings)
    sets = list(read_sets(path))
    choose_set(sets, SetChoice(None), "index")


def _requests(data: bytes, folder: Path) -> None:
    """Answer the requests of a connection, from an index with a page."""
    generation = folder / "generations/1/simple/demo"
    generation.mkdir(parents=True)
    (folder / "current").symlink_to("generations/1")
    (generation / "index.html").write_bytes(HTML)
    (generation.parents[1] / "index.html").write_bytes(HTML)
    log = io.StringIO()
    _Handler(_Connection(data), ("127.0.0.1", 1), _server(folder, log))  # type: ignore[arg-type]
    if "error: " in log.getvalue():
        raise BrokenRuleError(log.getvalue())


def _server(folder: Path, log: IO[str]) -> IndexServer:
    """Return a server that listens nowhere."""
    server = IndexServer.__new__(IndexServer)
    server.site = Site(ReleaseIndex(folder))
    server._log = log
    server._lock = threading.Condition()
    server._answering = 0
    server.is_stopping = False
    return server


class _Connection:
    """A connection whose client sends bytes and then closes it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def settimeout(self, _: float) -> None:
        """Do nothing: the bytes are there."""

    def makefile(self, mode: str, _: int) -> IO[bytes]:
        """Return what is received, or what is sent."""
        return io.BytesIO(self._data) if mode == "rb" else io.BytesIO()


def _sdist(path: Path) -> None:
    each_of(
        lambda: _checked(path),
        lambda: read_artifact(path, path, "0" * 64, 1),
        lambda: read_sdist(path),
        lambda: read_sdist_facts(path),
        lambda: stamp_sdist(path, VersionFacts("2.0"), path.parent / "stamped"),
        lambda: stamp_sdist_of_backend(path, "2.0", ["other"], path.parent / "restamped"),
        lambda: _take_in(path),
    )


def _take_in(path: Path) -> None:
    """Run `sdist intake`."""
    output = path.parent / "taken"
    intake_command.run(Namespace(sdist=path, version="1.0rc1", output=output, report=path.parent / "report.json"))


def _checked(path: Path) -> None:
    problems = read_file(path).problems
    if problems:
        raise InvalidWheelError(*problems)


def gzipped(read: Callable[[bytes, Path], object]) -> Callable[[bytes, Path], object]:
    """Return a reader of the archive in a gzip file, so that mutations change the archive."""
    return lambda data, folder: read(gzip.compress(data, 1, mtime=0), folder)


def _unpack(path: Path) -> None:
    unpack(path, path.parent / "tree", None)


@functools.cache
def sdist_seeds() -> Sequence[bytes]:
    """Return tar archives: an sdist of ours, and one with links and long names."""
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "PKG-INFO": SdistFile(METADATA),
            "pyproject.toml": SdistFile(PYPROJECT),
            "spokeshave.json": SdistFile(RECIPE.replace(b"demo/v.txt", b"v.txt")),
            "LICENSE": SdistFile(b"text"),
            "demo/_version.py": SdistFile(b"", is_executable=True),
            "v.txt": SdistFile(b"1.0rc1", is_executable=True),
        }
        ours = gzip.decompress(write_sdist(Path(folder), "demo-1.0rc1", files).path.read_bytes())
    others = []
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
            for name, kind, link in (
                ("demo-1.0rc1", tarfile.DIRTYPE, ""),
                ("demo-1.0rc1/PKG-INFO", tarfile.REGTYPE, ""),
                ("demo-1.0rc1/LICENSE", tarfile.REGTYPE, ""),
                ("demo-1.0rc1/" + "x" * 150, tarfile.REGTYPE, ""),
                ("demo-1.0rc1/link", tarfile.SYMTYPE, "PKG-INFO"),
                ("demo-1.0rc1/hard", tarfile.LNKTYPE, "demo-1.0rc1/PKG-INFO"),
            ):
                member = tarfile.TarInfo(name)
                member.type = kind
                member.linkname = link
                member.size = len(METADATA) if kind == tarfile.REGTYPE else 0
                member.pax_headers = {"mtime": "1.5", "comment": "x"}
                archive.addfile(member, io.BytesIO(METADATA))
        others.append(stream.getvalue())
    return [ours, *others]


@functools.cache
def tree_seeds() -> Sequence[bytes]:
    """Return archives of source trees: zip and tar files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("demo/a.txt", b"text")
        link = zipfile.ZipInfo("demo/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"a.txt")
    return [stream.getvalue(), *sdist_seeds(), gzip.compress(sdist_seeds()[1], mtime=0)]


def _search(data: bytes, _: Path) -> None:
    search = VersionSearch(TraceFinder(Version("1.0rc1"), Version("1.0")))
    search.search_file("demo.bin", [data], lambda: io.BytesIO(data))


TAR_WORDS = (
    *(b"20 size=-1024\n", b"30 size=99999999999999\n", b"path=../x\n", b"20 path=/etc/passwd\n", b"linkpath=../../x\n"),
    *(b"GNU.sparse.major=1\n", b"GNU.sparse.size=9999999999\n", b"GNU.sparse.map=0,1\n", b"0 x=y\n", b"-5 x=y\n"),
    *(
        b"\x80" + b"\x00" * 7,
        b"\xff" * 12,
        b"7777777777\x00",
        b"ustar\x0000",
        b"ustar  \x00",
        b"S",
        b"L",
        b"K",
        b"x",
        b"g",
    ),
)

TARGETS = (
    Target(
        name="html-page",
        summary="HTML pages of an index",
        read=_page,
        seeds=texts(HTML),
        errors=(UnreadableIndexError,),
        words=HTML_WORDS,
    ),
    Target(
        name="json-page",
        summary="JSON pages of an index",
        read=_json_page,
        seeds=texts(JSON),
        errors=(UnreadableIndexError,),
        words=JSON_WORDS,
    ),
    Target(
        name="listing",
        summary="pages, by `index verify`",
        read=_listing,
        seeds=texts(HTML, JSON),
        errors=(InvalidPageError,),
        words=(*HTML_WORDS, *JSON_WORDS),
    ),
    Target(
        name="sets",
        summary="the sets of an index",
        read=in_file("sets.jsonl", _sets),
        seeds=texts(SETS),
        words=JSON_WORDS,
    ),
    Target(
        name="upload-answer",
        summary="answers to an upload",
        read=_answer,
        seeds=texts(b"\x00\x00" + HTML, b"\x01\x00" + JSON),
        words=HTML_WORDS,
    ),
    Target(
        name="requests",
        summary="requests to `index serve`",
        read=_requests,
        seeds=texts(REQUEST, RANGE),
        words=REQUEST_WORDS,
    ),
    Target(
        name="sdist",
        summary="sdists, whose tar archive changes",
        read=gzipped(in_file("demo-1.0rc1.tar.gz", _sdist)),
        seeds=sdist_seeds,
        words=TAR_WORDS,
    ),
    Target(
        name="sdist-file",
        summary="sdists",
        read=in_file("demo-1.0rc1.tar.gz", _sdist),
        seeds=lambda: [gzip.compress(seed) for seed in sdist_seeds()],
    ),
    Target(
        name="source-tree",
        summary="archives of source trees",
        read=in_file("tree.archive", _unpack),
        seeds=tree_seeds,
        errors=(RefusedArchiveError,),
        words=TAR_WORDS,
    ),
    Target(
        name="packed",
        summary="packed files in wheels, by `release promote`",
        read=_search,
        seeds=lambda: [*tree_seeds(), wheel_seeds()[0]],
        words=TAR_WORDS,
    ),
)
