"""Indexes for tests, on loopback: the real pypiserver, and servers that give one answer to every upload."""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pypiserver
import trustme
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

USERNAME = "alice"
_POLL_SECONDS = 0.02
PASSWORD = "p/a:s s@w&örd-7f3a91"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Suppress the log."""


@dataclass
class PypiServer:
    """A running pypiserver. `uploads` counts the received uploads, each of which takes a permit."""

    folder: Path
    url: str = ""
    uploads: int = 0
    permits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1000))

    def files(self) -> dict[str, bytes]:
        """Return the uploaded files."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@contextlib.contextmanager
def pypi_server(folder: Path, **settings: Any) -> Iterator[PypiServer]:
    """Run a pypiserver on the directory that requires USERNAME and PASSWORD for uploads."""
    folder.mkdir(exist_ok=True)
    index = PypiServer(folder)
    defaults: dict[str, Any] = {
        "authenticate": ["update"],
        "auther": lambda username, password: (username, password) == (USERNAME, PASSWORD),
        "disable_fallback": True,
    }
    application = pypiserver.app(roots=[folder], **{**defaults, **settings})

    def gated(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            index.uploads += 1
            index.permits.acquire()
        answer: Iterable[bytes] = application(environ, start_response)
        return answer

    with make_server("127.0.0.1", 0, gated, _Server, _Quiet) as server, _serving(server):
        index.url = f"http://127.0.0.1:{server.server_port}/"
        yield index


@dataclass(frozen=True)
class Answer:
    """The answer to every upload. `pages` are the answers to GET by path, `listing` that for other paths.

    Bytes that are not UTF-8 are surrogates in the texts (`surrogateescape`).
    """

    status: int
    reason: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    listing: tuple[int, str, str] = (404, "text/plain", "")
    listing_headers: tuple[tuple[str, str], ...] = ()
    pages: tuple[tuple[str, tuple[int, str, str]], ...] = ()


@dataclass(frozen=True)
class Authority:
    """A certificate authority of a test's own.

    Attributes:
        certificate: The file with the authority's certificate, for clients that trust it.
        context: The TLS settings of a server on 127.0.0.1 whose certificate the authority issued.
    """

    certificate: Path
    context: ssl.SSLContext


def make_authority(certificate: Path) -> Authority:
    """Make a certificate authority, and the file of its certificate."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return Authority(certificate, context)


@contextlib.contextmanager
def answering_server(answer: Answer, authority: Authority | None = None) -> Iterator[str]:
    """A server that reads an upload and gives one answer; its URL. With an authority, it speaks TLS."""

    def handle(request: Request) -> Response:
        if request.method == "GET":
            status, kind, text = dict(answer.pages).get(_target(request), answer.listing)
            return _response(status, text, (("Content-Type", kind), *answer.listing_headers))
        text = answer.body.replace("{authorization}", request.headers.get("Authorization", ""))
        return _response(answer.status, text, answer.headers, answer.reason)

    with _http_server(handle, authority) as origin:
        yield f"{origin}/legacy/"


@dataclass
class RecordingServer:
    """A running server: its answers by path, and the received requests with their Authorization.

    Attributes:
        redirects: Statuses and targets by path. Any other path is answered with 200.
        requests: Paths and Authorization headers, in the order of arrival.
    """

    url: str = ""
    redirects: dict[str, tuple[int, str]] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@contextlib.contextmanager
def recording_server() -> Iterator[RecordingServer]:
    """Run a server that redirects and records requests."""
    recording = RecordingServer()

    def handle(request: Request) -> Response:
        recording.requests.append((_target(request), request.headers.get("Authorization")))
        status, location = recording.redirects.get(_target(request), (200, ""))
        return _response(status, "", (("Location", location),) if location else ())

    with _http_server(handle) as origin:
        recording.url = origin
        yield recording


class _PromptServer(HTTPServer):
    """A server that ends as soon as a test does: Python's own looks twice in a second whether it has to."""

    def thread_target(self) -> None:
        """Serve until the server is stopped."""
        assert self.server is not None
        self.server.serve_forever(poll_interval=_POLL_SECONDS)


@contextlib.contextmanager
def _http_server(handle: Callable[[Request], Response], authority: Authority | None = None) -> Iterator[str]:
    """A server on a free port; its scheme, host and port. An error of its function is raised when the block ends."""
    context = authority.context if authority else None
    with _PromptServer(host="127.0.0.1", ssl_context=context, threaded=True) as server:
        server.expect_request(re.compile(".*")).respond_with_handler(handle)
        yield server.url_for("/").rstrip("/")
        server.check()


def _target(request: Request) -> str:
    """A request's path and query as the client sent them."""
    return str(request.environ["RAW_URI"])


class _ExactResponse(Response):
    """A response that is sent as it is: without a reason, say, or with a Location that is not a URL."""

    def __init__(self, status: str, text: str, headers: Iterable[tuple[str, str]]) -> None:
        data = text.encode("utf-8", "surrogateescape")
        super().__init__(data)
        self.exact_status = status
        self.exact_headers = [*headers, ("Content-Length", str(len(data)))]

    def get_wsgi_response(self, environ: Any) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """The response without werkzeug's corrections."""
        return self.get_app_iter(environ), self.exact_status, self.exact_headers


def _response(status: int, text: str, headers: Iterable[tuple[str, str]] = (), reason: str = "") -> Response:
    """A response with exactly these headers beside the server's own."""
    return _ExactResponse(f"{status} {reason}", text, headers)


@contextlib.contextmanager
def _serving(server: WSGIServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
