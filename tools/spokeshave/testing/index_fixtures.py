"""Indexes for tests, on loopback: the real pypiserver, and servers that give one answer to every upload."""

from __future__ import annotations

import base64
import contextlib
import datetime
import ipaddress
import json
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
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USERNAME = "alice"
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
    """The answer to every upload. `pages` are the answers to GET by path, `listing` that for other paths."""

    status: int
    reason: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    listing: tuple[int, str, str] = (404, "text/plain", "")
    listing_headers: tuple[tuple[str, str], ...] = ()
    pages: tuple[tuple[str, tuple[int, str, str]], ...] = ()


@contextlib.contextmanager
def answering_server(answer: Answer, certificate: Path | None = None) -> Iterator[str]:
    """Run a server that answers every upload the same, and yield its URL. With a certificate it uses TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, text = dict(answer.pages).get(self.path, answer.listing)
            self.reply(status, "", text, (("Content-Type", kind), *answer.listing_headers))

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
            """Suppress the log."""

    with _http_server(Handler, certificate) as origin:
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

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            recording.requests.append((self.path, self.headers["Authorization"]))
            status, target = recording.redirects.get(self.path, (200, ""))
            self.send_response(status)
            if target:
                self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Suppress the log."""

    with _http_server(Handler) as origin:
        recording.url = origin
        yield recording


@dataclass
class TrustingIndex:
    """An index that trusts one CI job, and the CI that proves the job's identity.

    Attributes:
        identity: The token that the CI issues as the job's identity.
        variables: The job's environment variables.
    """

    certificate: Path
    identity: str
    token: str = "pypi-a-token-for-a-quarter-of-an-hour"
    url: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)


def identity_token(subject: str) -> str:
    """Return a token in the form of OpenID Connect, without a valid signature."""
    claims = json.dumps({"aud": "an index", "sub": subject}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.signature"


@contextlib.contextmanager
def trusting_index(folder: Path) -> Iterator[TrustingIndex]:
    """Run an index with PyPI's protocol: it returns its audience, exchanges the identity for a token, takes uploads."""
    index = TrustingIndex(self_signed(folder / "index.pem"), identity_token("a job"))
    trusted, asks = index.identity, "secret of the job's runner"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/_/oidc/audience":
                self.reply(200, {"audience": "an index"})
            elif self.path == "/identity?audience=an+index" and self.headers["Authorization"] == f"bearer {asks}":
                self.reply(200, {"value": index.identity})
            else:
                self.reply(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/_/oidc/mint-token" and json.loads(body) == {"token": trusted}:
                self.reply(200, {"token": index.token})
            elif self.path == "/_/oidc/mint-token":
                errors = [{"code": "invalid-publisher", "description": "no publisher of this identity"}]
                self.reply(422, {"errors": errors})
            else:
                index.uploads.append(self.headers["Authorization"] or "")
                self.reply(200, {})

        def reply(self, status: int, document: object) -> None:
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Suppress the log."""

    with _http_server(Handler, index.certificate) as origin, _http_server(Handler) as ci:
        index.url = f"{origin}/legacy/"
        index.variables = {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{ci}/identity",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": asks,
            "REQUESTS_CA_BUNDLE": str(index.certificate),
        }
        yield index


def self_signed(path: Path) -> Path:
    """Write a certificate for 127.0.0.1 and its key to one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@contextlib.contextmanager
def _http_server(handler: type[BaseHTTPRequestHandler], certificate: Path | None = None) -> Iterator[str]:
    """Return its scheme, host and port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        with _serving(server):
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"


@contextlib.contextmanager
def _serving(server: WSGIServer | ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
