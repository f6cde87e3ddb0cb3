"""The HTTP server of a release index: files with conditions and ranges, each connection in a thread of its own."""

from __future__ import annotations

import contextlib
import email.utils
import os
import re
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, cast

from spokeshave.files import CHUNK
from spokeshave.release.index.server.site import NOT_FOUND, Answer, Found, Redirect, Refusal, Site

_IDLE_SECONDS = 60
# For the answers that have begun when the server ends.
_LONGEST_END = 10.0
_POLL_SECONDS = 0.2
_ATTEMPTS = 3
# No file has more digits, and Python reads no number of thousands of them.
_RANGE = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), ord('"'), ord("\\"), *range(0x7F, 0xA0))}
# A copy of a page has to be compared with the server's before it is used: a set that came in must be seen.
_REVALIDATED = "no-cache"
_KEPT = "public, max-age=31536000, immutable"


class IndexServer(ThreadingHTTPServer):
    """A server of an index.

    Args:
        log: A line for each request is written to it.
    """

    # On Windows, another process could take the port over.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, family: socket.AddressFamily, host: str, port: int, site: Site, log: IO[str]) -> None:
        self.address_family = family
        self.site = site
        self._log = log
        self._lock = threading.Condition()
        self._answering = 0
        self.is_stopping = False
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Return the address of the index."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes) else host
        return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"

    def server_bind(self) -> None:
        """Bind without a look-up of the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name = str(self.server_address[0])
        self.server_port = int(self.server_address[1])

    def serve_until(self, stop: threading.Event) -> None:
        """Serve until an event is set. Then wait for the answers that have begun."""
        thread = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        # A wait without an end would not be interrupted on Windows.
        while not stop.wait(_POLL_SECONDS):
            pass
        self.is_stopping = True
        self.shutdown()
        thread.join()
        with self._lock:
            self._lock.wait_for(lambda: not self._answering, _LONGEST_END)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 (the base's)
        """Ignore a client that closed its connection. Other errors go to the log."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, socket.timeout)):
            self.log(f"error: {type(error).__name__}: {error}")

    def log(self, line: str) -> None:
        """Write a line to the log, whole."""
        self._write(line.translate(_CONTROLS))

    def log_request(self, client: str, request: str, status: int, size: int) -> None:
        """Write a line in the Common Log Format."""
        date = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        self._write(f'{client} - - [{date}] "{request.translate(_CONTROLS)}" {status} {size}')

    def _write(self, line: str) -> None:
        # A request is answered on a full disk, too.
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._log.write(f"{line}\n")
            self._log.flush()

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Count an answer, for which the end of the server waits."""
        with self._lock:
            self._answering += 1
        try:
            yield
        finally:
            with self._lock:
                self._answering -= 1
                self._lock.notify_all()


@dataclass(frozen=True)
class _Part:
    """The bytes of a file that are sent."""

    first: int
    size: int
    status: HTTPStatus = HTTPStatus.OK


class _Handler(BaseHTTPRequestHandler):
    """The requests of one connection."""

    protocol_version = "HTTP/1.1"
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"
    timeout = _IDLE_SECONDS
    # Headers and body go out together.
    wbufsize = 1 << 16
    # Whether the headers of the answer have been written.
    _has_begun = False

    @property
    def _index(self) -> IndexServer:
        return cast("IndexServer", self.server)

    def do_GET(self) -> None:
        """Answer with a file, a redirect, or a text that says why not."""
        with self._index.answering():
            self._has_begun = False
            if self._has_body():
                # It is not read, and would be taken for the next request.
                self.close_connection = True
            try:
                self._answer()
            except (ConnectionError, socket.timeout):
                raise
            except Exception as err:
                self._fail(err)
            self.wfile.flush()

    def do_HEAD(self) -> None:
        """Answer with the headers of GET."""
        self.do_GET()

    def do_POST(self) -> None:
        """Refuse to change the index."""
        self._refuse_method()

    def do_PUT(self) -> None:
        """Refuse to change the index."""
        self._refuse_method()

    def do_DELETE(self) -> None:
        """Refuse to change the index."""
        self._refuse_method()

    def _has_body(self) -> bool:
        lengths = self.headers.get_all("Content-Length", ())
        return "Transfer-Encoding" in self.headers or any(length.strip() != "0" for length in lengths)

    def _fail(self, error: Exception) -> None:
        """Answer a request that has caused an error. If the answer has begun, the end of the connection says so."""
        self._index.log(f"error: {getattr(self, 'requestline', '')}: {type(error).__name__}: {error}")
        self.close_connection = True
        if not self._has_begun:
            self._send_text(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "The server's log says what is wrong."))

    def _refuse_method(self) -> None:
        with self._index.answering():
            # What it sends is not read.
            self.close_connection = True
            text = f"An index is changed with `spokeshave index`, not by {self.command}."
            self._send_text(Refusal(HTTPStatus.METHOD_NOT_ALLOWED, text), Allow="GET, HEAD")

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: `log_request` has the errors too."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log an answer of the base class, which is to a request that cannot be read."""
        del size
        self._log(int(code) if str(code).isdecimal() else 0, 0)

    def _log(self, status: int, size: int) -> None:
        self._index.log_request(self.client_address[0], getattr(self, "requestline", ""), status, size)

    def _answer(self) -> None:
        answer, stream = self._opened()
        if isinstance(answer, Found) and stream:
            with stream:
                self._send_file(answer, stream)
        elif isinstance(answer, Redirect):
            moved = Refusal(HTTPStatus.MOVED_PERMANENTLY, f"The page is at {answer.location}")
            self._send_text(moved, Location=answer.location)
        elif isinstance(answer, Refusal):
            self._send_text(answer, **({"Vary": "Accept"} if answer.status is HTTPStatus.NOT_ACCEPTABLE else {}))

    def _opened(self) -> tuple[Answer, IO[bytes] | None]:
        """Return the answer, with its file if it is one. A file that was just removed may be in the next generation."""
        accepts = self.headers.get_all("Accept")
        for _ in range(_ATTEMPTS):
            answer = self._index.site.answer(self.path, ", ".join(accepts) if accepts else None)
            if not isinstance(answer, Found):
                return answer, None
            with contextlib.suppress(FileNotFoundError):
                return answer, answer.path.open("rb")
        return NOT_FOUND, None

    def _send_text(self, refusal: Refusal, **headers: str) -> None:
        body = f"{refusal.text}\n".encode()
        self._send_headers(refusal.status, {"Content-Type": self.error_content_type, **headers}, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)
        self._log(refusal.status, len(body))

    def _send_file(self, found: Found, stream: IO[bytes]) -> None:
        facts = os.fstat(stream.fileno())
        modified = email.utils.formatdate(facts.st_mtime, usegmt=True)
        headers = {
            "ETag": _etag(found, facts),
            "Last-Modified": modified,
            "Cache-Control": _KEPT if found.is_immutable else _REVALIDATED,
            **({"Vary": "Accept"} if found.is_negotiated else {}),
        }
        if self._is_known(headers["ETag"], facts.st_mtime):
            self._send_headers(HTTPStatus.NOT_MODIFIED, headers, None)
            self._log(HTTPStatus.NOT_MODIFIED, 0)
            return
        part = self._part(headers, facts.st_size)
        if part is None:
            text = f"The file has {facts.st_size} bytes."
            refusal = Refusal(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, text)
            self._send_text(refusal, **{"Content-Range": f"bytes */{facts.st_size}"})
            return
        headers["Content-Type"] = found.content_type
        headers["Accept-Ranges"] = "bytes"
        if part.status is HTTPStatus.PARTIAL_CONTENT:
            last = part.first + part.size - 1
            headers["Content-Range"] = f"bytes {part.first}-{last}/{facts.st_size}"
        self._send_headers(part.status, headers, part.size)
        sent = 0 if self.command == "HEAD" else self._send_part(stream, part)
        self._log(part.status, sent)

    def _is_known(self, etag: str, modified: float) -> bool:
        """Return whether the client has the file, by its conditions."""
        etags = self.headers.get("If-None-Match")
        if etags is not None:
            known = [each.strip() for each in etags.split(",")]
            return "*" in known or etag in (each[2:] if each.startswith("W/") else each for each in known)
        since = _time(self.headers.get("If-Modified-Since"))
        return since is not None and int(modified) <= since

    def _part(self, headers: dict[str, str], size: int) -> _Part | None:
        """Return the part of the file that is asked for, or None if the file does not have it.

        More than one range, and one of another version of the file, get the whole file.
        """
        whole = _Part(0, size)
        found = _RANGE.fullmatch(self.headers.get("Range", ""))
        unchanged = self.headers.get("If-Range")
        if self.command != "GET" or not found or unchanged not in (None, headers["ETag"], headers["Last-Modified"]):
            return whole
        if not found["first"]:
            if not found["last"]:
                return whole
            first = max(size - int(found["last"]), 0)
            last = size - 1
        else:
            first = int(found["first"])
            last = min(int(found["last"] or size - 1), size - 1)
            if found["last"] and int(found["last"]) < first:
                return whole
        return _Part(first, last - first + 1, HTTPStatus.PARTIAL_CONTENT) if first < size else None

    def _send_part(self, stream: IO[bytes], part: _Part) -> int:
        """Send bytes of a file, and return how many. If the file has fewer by now, the connection ends."""
        stream.seek(part.first)
        left = part.size
        while left:
            chunk = stream.read(min(CHUNK, left))
            if not chunk:
                self.close_connection = True
                break
            self.wfile.write(chunk)
            left -= len(chunk)
        return part.size - left

    def _send_headers(self, status: HTTPStatus, headers: dict[str, str], size: int | None) -> None:
        self._has_begun = True
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if size is not None:
            self.send_header("Content-Length", str(size))
        self.send_header("Date", self.date_time_string())
        self.send_header("Server", "spokeshave")
        self.send_header("X-Content-Type-Options", "nosniff")
        if self._index.is_stopping or self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()


def _etag(found: Found, facts: os.stat_result) -> str:
    """Return the tag of a file. Each form of a page has its own."""
    form = f"-{found.content_type.partition(';')[0]}" if found.is_negotiated else ""
    return f'"{facts.st_mtime_ns:x}-{facts.st_size:x}{form}"'


def _time(text: str | None) -> float | None:
    """Return the time of a header, or None if it is malformed."""
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() if text else None
    except (TypeError, ValueError, OverflowError):
        return None
