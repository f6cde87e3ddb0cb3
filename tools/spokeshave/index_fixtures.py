"""Indexes for the tests, on loopback: the real pypiserver, and servers that give one answer to every upload."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pypiserver

USERNAME = "alice"
PASSWORD = "p/a:s s@w&örd-7f3a91"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class PypiServer:
    """A running pypiserver; ``uploads`` counts those that came, each of which takes a permit."""

    folder: Path
    url: str = ""
    uploads: int = 0
    permits: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1000))

    def files(self) -> dict[str, bytes]:
        """What was uploaded."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


@contextlib.contextmanager
def pypi_server(folder: Path, **settings: Any) -> Iterator[PypiServer]:
    """A pypiserver on the folder that wants USERNAME and PASSWORD for uploads."""
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
    """What a server says to every upload; to anything else it says that there is nothing."""

    status: int
    reason: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    listing: tuple[int, str, str] = (404, "text/plain", "")


@contextlib.contextmanager
def answering_server(answer: Answer, certificate: Path | None = None) -> Iterator[str]:
    """A server that reads an upload and gives one answer; its URL. With a certificate and its key, it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, text = answer.listing
            self.reply(status, "", text, (("Content-Type", kind),))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            echo = answer.body.replace("{authorization}", self.headers.get("Authorization") or "")
            self.reply(answer.status, answer.reason, echo, answer.headers)

        def reply(self, status: int, reason: str, text: str, headers: tuple[tuple[str, str], ...]) -> None:
            data = text.encode()
            self.send_response(status, reason)
            for name, value in (*headers, ("Content-Length", str(len(data)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        with _serving(server):
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/legacy/"


@contextlib.contextmanager
def _serving(server: WSGIServer | ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
