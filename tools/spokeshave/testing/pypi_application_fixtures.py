"""The WSGI application of the PyPI-like server: it answers requests by the rules, lets faults happen, and logs both."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from packaging.utils import canonicalize_name
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException

from spokeshave.testing import pypi_pages_fixtures as pages
from spokeshave.testing.ci_identity_fixtures import claims_of, json_response
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind, Moment, Place, Rules, read_rules
from spokeshave.testing.pypi_store_fixtures import RefusedError, Store, Upload

POLL_SECONDS = 0.02
_RESET = struct.pack("ii", 1, 0)


class _Request(Request):
    # A README of any length in the form.
    max_form_memory_size = None


class _CutError(ConnectionError):
    """The connection is cut; werkzeug takes it for the client's doing."""


@dataclass
class _Armed:
    """A fault that is switched on, with the requests that it was for so far.

    Attributes:
        last: The last file that was stored when it was switched on.
    """

    fault: Fault
    last: int
    seen: int = 0

    def takes(self) -> bool:
        """Count a request, and return whether it fails."""
        self.seen += 1
        times = self.fault.times
        return self.seen > self.fault.skip and (times is None or self.seen <= self.fault.skip + times)


@dataclass
class _Faults:
    """The faults of the rules, counted."""

    armed: list[_Armed] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def update(self, faults: Sequence[Fault], last: int) -> None:
        with self.lock:
            if tuple(each.fault for each in self.armed) != tuple(faults):
                self.armed = [_Armed(fault, last) for fault in faults]

    def take(self, place: Place, name: str) -> Fault | None:
        """Return the fault of a request. Each fault that is for it counts it up to the first that takes it."""
        with self.lock:
            for each in self.armed:
                is_stale = each.fault.kind is FaultKind.STALE
                if each.fault.is_for(place, name) and not is_stale and each.takes():
                    return each.fault
        return None

    def hidden_after(self, place: Place, project: str, last: int) -> int:
        """Return the number of the last file that a page shows."""
        with self.lock:
            for each in self.armed:
                is_stale = each.fault.kind is FaultKind.STALE and each.fault.is_for(place, project)
                if is_stale and last > each.last and each.takes():
                    return each.last
        return last


class _Log:
    """The log of requests on disk: a line for each event."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._last = sum(1 for line in path.read_text().splitlines() if '"arrived"' in line) if path.exists() else 0

    def arrive(self, method: str, path: str) -> int:
        with self._lock:
            self._last += 1
            self._add(self._last, {"event": "arrived", "method": method, "path": path})
            return self._last

    def add(self, number: int, event: str, **fields: Any) -> None:
        with self._lock:
            self._add(number, {"event": event, **fields})

    def _add(self, number: int, fields: dict[str, Any]) -> None:
        with self._path.open("a") as stream:
            stream.write(json.dumps({"number": number, **fields}) + "\n")


class Application:
    """The server's WSGI application."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._store = Store(folder)
        self._faults = _Faults()
        self._log = _Log(folder / "requests.jsonl")
        self.errors: list[BaseException] = []
        self.stopping = threading.Event()

    def rules(self) -> Rules:
        rules = read_rules(self._folder / "rules.json")
        self._faults.update(rules.faults, self._store.last_number())
        return rules

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a request."""
        request = _Request(environ)
        number = self._log.arrive(request.method, request.path)
        try:
            response = self._answer(request, number)
        except ConnectionError:
            self._log.add(number, "cut")
            raise
        except RefusedError as err:
            response = _refusal(err)
        except HTTPException as err:
            response = Response(str(err.description), err.code)
        except Exception as err:
            self.errors.append(err)
            raise
        self._log.add(number, "answered", status=response.status_code)
        return response(environ, start_response)

    def _answer(self, request: Request, number: int) -> Response:
        parts = [unquote(part) for part in request.path.split("/") if part]
        if request.path == "/legacy/" and request.method == "POST":
            return self._upload(request, number)
        if request.path.startswith("/_/oidc/"):
            return self._trust(request, number, self.rules())
        if request.method not in ("GET", "HEAD"):
            return Response("Method not allowed", 405)
        if parts[:1] == ["simple"] and len(parts) <= 2:
            return self._simple(request, number, parts[1:])
        if parts[:1] == ["pypi"] and len(parts) == 3 and parts[2] == "json":
            return self._api(request, number, canonicalize_name(parts[1]))
        if parts[:1] == ["files"]:
            return self._download(request, number, "/".join(parts[1:]))
        if parts[:1] == ["integrity"] and len(parts) == 5:
            return self._provenance(parts[3])
        return Response("Not Found", 404)

    def _simple(self, request: Request, number: int, project: list[str]) -> Response:
        rules = self.rules()
        wanted = request.accept_mimetypes.best_match(["text/html", pages.HTML, pages.JSON], "text/html")
        as_json = wanted == pages.JSON and rules.pages_in_json
        kind = pages.JSON if as_json else "text/html" if wanted == pages.JSON else wanted
        headers = {"Cache-Control": "max-age=600, public", "Vary": "Accept"}
        serial = self._store.last_number()
        if not project:
            root = pages.json_root if as_json else lambda found, _: pages.html_root(found)
            return Response(root(self._store.projects(), serial), content_type=kind, headers=headers)
        name = canonicalize_name(project[0])
        if not request.path.endswith(f"/{name}/"):
            return Response("", 301, headers={"Location": f"/simple/{name}/"})
        place = Place.JSON if as_json else Place.HTML
        failed = self._fail(request, number, place, name)
        if failed is not None:
            return failed
        files = [] if rules.statuses.get(name) == "quarantined" else self._store.files_of(name, rules)
        last = self._faults.hidden_after(place, name, files[-1].number if files else 0)
        shown = [file for file in files if file.number <= last]
        if not shown and (files or not self._store.has_project(name)) and name not in rules.statuses:
            return Response("Not Found", 404)
        page = (pages.json_page if as_json else pages.html_page)(name, shown, rules, _origin(request), serial)
        return Response(page, content_type=kind, headers=headers)

    def _api(self, request: Request, number: int, name: str) -> Response:
        failed = self._fail(request, number, Place.API, name)
        if failed is not None:
            return failed
        rules = self.rules()
        files = self._store.files_of(name, rules)
        last = self._faults.hidden_after(Place.API, name, files[-1].number if files else 0)
        shown = [file for file in files if file.number <= last and rules.statuses.get(name) != "quarantined"]
        if not shown:
            return Response("Not Found", 404)
        return Response(pages.api_page(shown, rules, _origin(request)), content_type="application/json")

    def _download(self, request: Request, number: int, path: str) -> Response:
        failed = self._fail(request, number, Place.FILE, path.rpartition("/")[2])
        if failed is not None:
            return failed
        content = self._store.find(path, self.rules())
        if content is None:
            return Response("Not Found", 404)
        return Response(content, content_type="application/octet-stream")

    def _provenance(self, name: str) -> Response:
        rules = self.rules()
        for project in self._store.projects():
            for file in self._store.files_of(project, rules):
                if file.name == name and file.attestations:
                    return Response(pages.provenance(file), content_type="application/vnd.pypi.integrity.v1+json")
        return json_response({"message": f"No provenance available for {name}"}, 404)

    def _trust(self, request: Request, number: int, rules: Rules) -> Response:
        if request.path == "/_/oidc/audience":
            return self._fail(request, number, Place.AUDIENCE, "") or json_response({"audience": rules.audience})
        failed = self._fail(request, number, Place.MINT, "")
        if failed is not None:
            return failed
        token = str(request.get_json(force=True).get("token"))
        claims = claims_of(token)
        if claims.get("aud") != rules.audience:
            return _untrusted("invalid-token", "malformed or invalid token")
        if claims.get("sub") not in rules.publishers:
            return _untrusted("invalid-publisher", "valid token, but no corresponding publisher")
        try:
            minted = self._store.mint(str(claims["sub"]), token, rules)
        except RefusedError as err:
            return _untrusted("invalid-reuse-token", err.text)
        return json_response({"success": True, "token": minted})

    def _upload(self, request: Request, number: int) -> Response:
        """Take an upload. Its file's name, which a fault may ask for, is in the body, so that is looked at ahead."""
        length = int(request.environ.get("CONTENT_LENGTH") or 0)
        body = _Body(request.environ["wsgi.input"], length)
        name = body.peek_file_name()
        self._log.add(number, "begins", file=name)
        rules = self.rules()
        fault = self._faults.take(Place.UPLOAD, name)
        if fault and fault.moment is Moment.BEFORE:
            self._cut_or_hang(request, number, fault)
            if fault.kind is FaultKind.STATUS:
                body.read_to(length)
                return _status(fault)
        if fault and fault.moment is Moment.MIDWAY:
            body.read_to(length // 2)
            self._cut_or_hang(request, number, fault)
        content = body.read_to(length)
        if len(content) < length:
            raise _CutError("the client has disconnected")
        # The rules may have changed while the request hung.
        rules = self.rules()
        stored = self._accept(request, number, content, rules, fault)
        if stored:
            self._log.add(number, "stored", stored=True)
        if fault and fault.moment is Moment.STORED:
            self._cut_or_hang(request, number, fault)
            if fault.kind is FaultKind.STATUS:
                return _status(fault)
        return Response("", 200, content_type="text/html; charset=UTF-8")

    def _accept(self, request: Request, number: int, content: bytes, rules: Rules, fault: Fault | None) -> bool:
        publisher = self._authorize(request, number, rules)
        form = _Request({**request.environ, "wsgi.input": BytesIO(content)})
        fields = {key: form.form.getlist(key) for key in form.form}
        file = form.files.get("content")
        if file is None or not file.filename:
            raise RefusedError("Upload payload does not have a file.")
        if fault and fault.kind is FaultKind.NOT_STORED:
            return False
        upload = Upload(fields=fields, name=file.filename, content=file.read(), publisher=publisher)
        return self._store.accept(upload, rules, is_full=bool(fault and fault.kind is FaultKind.FULL))

    def _authorize(self, request: Request, number: int, rules: Rules) -> str | None:
        """Return the subject of a job with a token of trusted publishing; None for the API token."""
        given = request.authorization
        if rules.api_token is None and given is None:
            self._log.add(number, "authorized", credential="none")
            return None
        token = (given.password or "") if given and given.username == "__token__" else ""
        if token and token == rules.api_token:
            self._log.add(number, "authorized", credential="api token")
            return None
        try:
            publisher = self._store.publisher_of(token, rules)
        except RefusedError:
            self._log.add(number, "authorized", credential="refused")
            raise
        self._log.add(number, "authorized", credential="minted")
        return publisher

    def _fail(self, request: Request, number: int, place: Place, name: str) -> Response | None:
        """Return the answer of a fault that answers, after cutting the connection or hanging for one that does so."""
        self._log.add(number, "begins", file=name)
        fault = self._faults.take(place, name)
        if fault is None:
            return None
        self._cut_or_hang(request, number, fault)
        return _status(fault) if fault.kind is FaultKind.STATUS else None

    def _cut_or_hang(self, request: Request, number: int, fault: Fault) -> None:
        connection: socket.socket = request.environ["werkzeug.socket"]
        if fault.kind is FaultKind.RESET:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                # Not by its method: werkzeug's streams hold the connection open.
                socket.close(connection.detach())
            raise _CutError("reset")
        if fault.kind is FaultKind.DROP:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            raise _CutError("dropped")
        if fault.kind is FaultKind.HANG:
            self._log.add(number, "hangs")
            deadline = time.monotonic() + fault.seconds
            while time.monotonic() < deadline and fault in self.rules().faults:
                if self.stopping.wait(POLL_SECONDS) or _is_closed(connection):
                    raise _CutError("the client has disconnected")


class _Body:
    """The body of an upload, which is read piece by piece."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self._length = length
        self._read = b""

    def read_to(self, end: int) -> bytes:
        """Read to a position, or to the end of the connection. Return all that was read."""
        missing = end - len(self._read)
        pieces = [self._read]
        while missing > 0:
            piece = self._stream.read(min(missing, 1 << 16))
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        self._read = b"".join(pieces)
        return self._read

    def peek_file_name(self) -> str:
        """Return the file's name of the form's last field. Its other fields are read for it, but not the file."""
        mark = b'name="content"; filename="'
        while mark not in self._read or b'"' not in self._read.split(mark, 1)[1]:
            before = len(self._read)
            if len(self.read_to(min(before + 1024, self._length))) == before:
                return ""
        return self._read.split(mark, 1)[1].split(b'"', 1)[0].decode()


def _is_closed(connection: socket.socket) -> bool:
    """Return whether the client has closed the connection and everything that it sent is read."""
    try:
        # A second socket object, because that of TLS cannot look ahead.
        with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as raw:
            return raw.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _status(fault: Fault) -> Response:
    headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
    return Response(fault.reason, f"{fault.status} {fault.reason}", headers=headers)


def _refusal(error: RefusedError) -> Response:
    """Return an answer whose status line has the reason, as Warehouse's."""
    page = f"<html><head><title>{error.status} {error.text}</title></head><body>{error.text}</body></html>"
    return Response(page, f"{error.status} {error.text}", content_type="text/html; charset=UTF-8")


def _untrusted(code: str, description: str) -> Response:
    errors = [{"code": code, "description": description}]
    return json_response({"message": "Token request failed", "errors": errors}, 422)


def _origin(request: Request) -> str:
    return request.host_url.rstrip("/")
