"""A web server of a folder for tests, on loopback, which gives other answers where a test wants them."""

from __future__ import annotations

import contextlib
import gzip
import mimetypes
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

_POLL_SECONDS = 0.02


@dataclass
class Reply:
    """An answer instead of the file.

    Attributes:
        body: None for the file's bytes.
        cut: The bytes at the end that are announced, and missing.
        seconds: The time before it begins.
        times: The number of requests that get it; None for all.
        event: Is called with each request.
    """

    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    seconds: float = 0.0
    times: int | None = None
    event: Callable[[], object] | None = None


@dataclass
class StaticSite:
    """A running server.

    Attributes:
        folder: What it serves now; a test may replace it.
        replies: By glob of paths without the first slash.
        requests: The paths, in the order of arrival.
        credentials: The Authorization headers that came.
    """

    folder: Path
    url: str = ""
    replies: dict[str, Reply] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        """Return the answer to a request."""
        path = request.path.lstrip("/")
        self.requests.append(path)
        self.credentials += request.headers.getlist("Authorization")
        reply = self._reply(path)
        if reply.event:
            reply.event()
        time.sleep(reply.seconds)
        file = self.folder / path
        file = file / "index.html" if file.is_dir() else file
        if reply.body is None and reply.status == 200 and not file.is_file():
            return Response("not here", 404, mimetype="text/html")
        body = reply.body if reply.body is not None else file.read_bytes() if file.is_file() else b""
        headers = {"Content-Type": mimetypes.guess_type(file.name)[0] or "application/octet-stream", **reply.headers}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        length = len(body)
        response = Response(body[: length - reply.cut] if reply.cut else body, reply.status, headers)
        response.headers["Content-Length"] = str(length)
        return response

    def _reply(self, path: str) -> Reply:
        for glob, reply in self.replies.items():
            if fnmatchcase(path, glob) and reply.times != 0:
                if reply.times is not None:
                    reply.times -= 1
                return reply
        return Reply()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Suppress the log."""


@contextlib.contextmanager
def static_site(folder: Path) -> Iterator[StaticSite]:
    """Serve a folder in a thread."""
    site = StaticSite(folder)
    application = Request.application(site.answer)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    # The server prints the errors of connections that the tests cut.
    server.log = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
