"""`index serve` over a folder of the documented layout, asked by HTTP. The end-to-end tests ask with pip and uv."""

from __future__ import annotations

import errno
import http.client
import io
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.index.server.http_server import IndexServer, _Handler
from spokeshave.release.index.server.negotiation import SimpleForm
from spokeshave.release.index.server.site import Answer, Site
from spokeshave.testing.path_fixtures import sources_and

SHA256 = "ab" * 32
WHEEL = f"/files/{SHA256}/demo-1.0-py3-none-any.whl"
CONTENT = bytes(range(256)) * 8


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Served:
    """An index that is served in a thread."""

    folder: Path
    server: IndexServer
    log: io.StringIO

    def ask(self, target: str, method: str = "GET", **headers: str) -> Reply:
        """Return the reply to a request. An underscore in a header's name stands for a dash."""
        return self.ask_all((method, target, headers))[0]

    def ask_all(self, *requests: tuple[str, str, dict[str, str]]) -> list[Reply]:
        """Return the replies to requests of one connection, which it keeps open."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=20)
        replies = []
        for method, target, headers in requests:
            connection.request(method, target, headers={key.replace("_", "-"): text for key, text in headers.items()})
            response = connection.getresponse()
            replies.append(Reply(response.status, dict(response.getheaders()), response.read()))
        connection.close()
        return replies

    def logged(self) -> list[str]:
        return self.log.getvalue().splitlines()


def write_index(folder: Path) -> Path:
    """Write an index of one wheel by hand."""
    texts = {
        "generations/1/index.html": "people",
        "generations/1/sets.jsonl": "",
        "generations/1/simple/index.html": "html",
        "generations/1/simple/demo/index.html": "html of demo",
        "generations/1/v1+json/index.json": "{}",
        "generations/1/v1+json/demo/index.json": '{"name": "demo"}',
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "current").symlink_to("generations/1")
    wheel = folder / WHEEL[1:]
    wheel.parent.mkdir(parents=True)
    wheel.write_bytes(CONTENT)
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = write_index(tmp_path_factory.mktemp("served") / "index")
    log = io.StringIO()
    site = Site(ReleaseIndex(folder))
    server = IndexServer(family=socket.AF_INET, host="127.0.0.1", port=0, site=site, log=log)
    stop = threading.Event()
    thread = threading.Thread(target=server.serve_until, args=(stop,))
    thread.start()
    try:
        yield Served(folder, server, log)
    finally:
        stop.set()
        thread.join()
        server.server_close()


def test_pages_are_negotiated(served: Served) -> None:
    as_json = served.ask("/simple/demo/", Accept=SimpleForm.JSON.value)
    assert json.loads(as_json.body) == {"name": "demo"}
    assert as_json.headers["Content-Type"] == SimpleForm.JSON.value
    as_html = served.ask("/simple/demo/", Accept="text/html")
    assert as_html.body == b"html of demo"
    assert as_html.headers["Content-Type"] == "text/html; charset=utf-8"
    assert {reply.headers["Vary"] for reply in (as_json, as_html)} == {"Accept"}
    assert as_json.headers["ETag"] != as_html.headers["ETag"]
    refused = served.ask("/simple/demo/", Accept="image/png")
    assert (refused.status, refused.headers["Vary"]) == (406, "Accept")
    assert SimpleForm.JSON.value in refused.body.decode()
    assert "Vary" not in served.ask("/v1+json/demo/", Accept="image/png").headers


def test_a_known_page_is_not_sent_again(served: Served) -> None:
    page = served.ask("/simple/demo/")
    assert page.headers["Cache-Control"] == "no-cache"
    tag = page.headers["ETag"]
    for condition in (
        {"If_None_Match": tag},
        {"If_None_Match": f'"other", W/{tag}'},
        {"If_Modified_Since": page.headers["Last-Modified"]},
    ):
        known = served.ask("/simple/demo/", **condition)
        assert (known.status, known.body, known.headers["ETag"]) == (304, b"", tag)
    # The tag decides if both are given, and one of another form does not count.
    changed = {"If_None_Match": '"other"', "If_Modified_Since": page.headers["Last-Modified"]}
    assert served.ask("/simple/demo/", **changed).status == 200
    assert served.ask("/simple/demo/", Accept=SimpleForm.JSON.value, If_None_Match=tag).status == 200
    assert served.ask("/simple/demo/", If_Modified_Since="yesterday").status == 200
    path = served.folder / "generations/1/simple/demo/index.html"
    path.write_text("another page")
    assert served.ask("/simple/demo/", If_None_Match=tag).body == b"another page"
    path.write_text("html of demo")


@pytest.mark.parametrize(
    ("asked", "part", "content_range"),
    [
        ("bytes=0-99", CONTENT[:100], "bytes 0-99/2048"),
        ("bytes=100-", CONTENT[100:], "bytes 100-2047/2048"),
        ("bytes=2000-9999", CONTENT[2000:], "bytes 2000-2047/2048"),
        ("bytes=-48", CONTENT[-48:], "bytes 2000-2047/2048"),
        ("bytes=-9999", CONTENT, "bytes 0-2047/2048"),
    ],
    ids=["first", "from", "beyond", "last", "all"],
)
def test_a_part_of_a_wheel_is_sent(served: Served, asked: str, part: bytes, content_range: str) -> None:
    reply = served.ask(WHEEL, Range=asked)
    assert (reply.status, reply.body) == (206, part)
    assert reply.headers["Content-Range"] == content_range
    assert reply.headers["Content-Length"] == str(len(part))


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=-", "bytes=0-1,5-6", "lines=0-1", "bytes=x-"])
def test_other_ranges_get_the_whole_file(served: Served, asked: str) -> None:
    reply = served.ask(WHEEL, Range=asked)
    assert (reply.status, reply.body) == (200, CONTENT)


def test_a_range_is_of_one_version_of_a_file(served: Served) -> None:
    whole = served.ask(WHEEL)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert "immutable" in whole.headers["Cache-Control"]
    for version in (whole.headers["ETag"], whole.headers["Last-Modified"]):
        assert served.ask(WHEEL, Range="bytes=0-9", If_Range=version).status == 206
    assert served.ask(WHEEL, Range="bytes=0-9", If_Range='"other"').body == CONTENT
    outside = served.ask(WHEEL, Range="bytes=2048-")
    assert (outside.status, outside.headers["Content-Range"]) == (416, "bytes */2048")
    assert served.ask(WHEEL, Range="bytes=-0").status == 416


def test_head_has_the_headers_of_get(served: Served) -> None:
    for target in (WHEEL, "/simple/", "/simple/other/", "/simple"):
        head, get = served.ask_all(("HEAD", target, {}), ("GET", target, {}))
        for reply in (head, get):
            del reply.headers["Date"]
        assert (head.status, head.headers) == (get.status, get.headers)
        assert head.body == b""
        assert get.body != b""


def test_a_connection_serves_many_requests(served: Served) -> None:
    replies = served.ask_all(
        ("GET", "/simple/demo/", {}), ("GET", "/nothing", {}), ("GET", "/simple/Demo/", {}), ("GET", WHEEL, {})
    )
    assert [reply.status for reply in replies] == [200, 404, 301, 200]
    assert replies[1].headers["Content-Type"] == "text/plain; charset=utf-8"
    assert replies[2].headers["Location"] == "../demo/"


def test_an_index_is_not_changed_by_requests(served: Served) -> None:
    for method in ("POST", "PUT", "DELETE"):
        reply = served.ask("/simple/", method)
        assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")
    assert served.ask("/simple/", "OPTIONS").status == 501


def test_requests_are_logged_in_the_common_format(served: Served) -> None:
    served.log.truncate(served.log.seek(0))
    served.ask("/simple/demo/")
    served.ask(WHEEL, Range="bytes=0-9")
    served.ask('/no"such\\page')
    with socket.create_connection(("127.0.0.1", served.server.server_port)) as raw:
        raw.sendall(b"GET /\x1b[31m\n\n")
        while raw.recv(1 << 16):
            pass
    patterns = [
        '"GET /simple/demo/ HTTP/1.1" 200 12',
        f'"GET {WHEEL} HTTP/1.1" 206 10',
        '"GET /no\\x22such\\x5cpage HTTP/1.1" 404 36',
        '"GET /\\x1b[31m" ',
    ]
    lines = served.logged()
    assert len(lines) == len(patterns)
    for line, pattern in zip(lines, patterns):
        assert line.startswith("127.0.0.1 - - [")
        assert pattern in line


def raw_replies(served: Served, request: bytes) -> bytes:
    """Return everything that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", served.server.server_port), timeout=20) as raw:
        raw.sendall(request)
        return b"".join(iter(lambda: raw.recv(1 << 16), b""))


@pytest.mark.parametrize(
    ("request_line", "header", "status"),
    [
        (f"GET {WHEEL}", f"Range: bytes={'1' * 5000}-", 200),
        (f"GET {WHEEL}", f"Range: bytes=0-{'1' * 5000}", 200),
        (f"GET {WHEEL}", f"Range: bytes=-{'1' * 5000}", 200),
        (f"GET {WHEEL}", "If-Modified-Since: Fri, 99 Zzz 99999999999 99:99:99 +9999", 200),
        ("GET /simple/", "Accept: text/html;q=1e999999, */*;q=nan", 200),
        ("GET /simple/", "Accept: \xff\xfe", 200),
        ("GET /simple/?format=%ff&&;=", "A: b", 406),
        ("GET http://[x/simple/", "A: b", 400),
        ("GET http:///simple/", "A: b", 200),
        ("GET /%ed%a0%80", "A: b", 404),
        ("GET /\xe4", "A: b", 404),
        ("GET *", "A: b", 404),
        ("HEAD /simple/", "Content-Length: x", 200),
    ],
    ids=itertools.count(),
)
def test_each_request_has_an_answer(served: Served, request_line: str, header: str, status: int) -> None:
    request = f"{request_line} HTTP/1.1\r\nHost: x\r\n{header}\r\nConnection: close\r\n\r\n"
    assert raw_replies(served, request.encode("latin-1"))[:12] == f"HTTP/1.1 {status}".encode()


@pytest.mark.parametrize(
    "body",
    [
        "Content-Length: 24\r\n\r\nGET /nothing HTTP/1.1\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n18\r\nGET /nothing HTTP/1.1\r\n\r\n\r\n0\r\n\r\n",
    ],
    ids=["with a length", "in chunks"],
)
def test_the_body_of_a_request_is_not_the_next_one(served: Served, body: str) -> None:
    replies = raw_replies(served, f"GET /simple/demo/ HTTP/1.1\r\nHost: x\r\n{body}".encode())
    assert replies.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in replies
    assert replies.endswith(b"html of demo")


def test_a_request_without_a_body_keeps_the_connection(served: Served) -> None:
    replies = served.ask_all(("GET", "/simple/demo/", {"Content_Length": "0"}), ("GET", "/simple/demo/", {}))
    assert [reply.status for reply in replies] == [200, 200]
    assert "Connection" not in replies[0].headers


def test_an_error_is_logged_and_answered(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Answer:
        raise PermissionError(errno.EACCES, "Permission denied", "page")

    served.log.truncate(served.log.seek(0))
    with monkeypatch.context() as patch:
        patch.setattr(Site, "answer", fail)
        reply = served.ask("/simple/")
    assert (reply.status, reply.headers["Connection"]) == (500, "close")
    error, request = served.logged()
    assert error == "error: GET /simple/ HTTP/1.1: PermissionError: [Errno 13] Permission denied: 'page'"
    assert '"GET /simple/ HTTP/1.1" 500 ' in request
    assert served.ask("/simple/").status == 200


def test_an_error_in_an_answer_ends_the_connection(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(_Handler, "_send_part", fail)
        replies = raw_replies(served, f"GET {WHEEL} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert replies.count(b"HTTP/1.1 ") == 1
    assert replies.endswith(b"\r\n\r\n")


def test_a_request_is_answered_if_the_log_is_full(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(served.log, "write", fail)
    replies = served.ask_all(("GET", "/simple/", {}), ("GET", WHEEL, {}))
    assert [reply.status for reply in replies] == [200, 200]


def test_a_client_that_leaves_is_not_an_error(served: Served) -> None:
    served.log.truncate(served.log.seek(0))
    large = served.folder / f"files/{SHA256}/large.bin"
    large.write_bytes(b"0" * (64 << 20))
    with socket.create_connection(("127.0.0.1", served.server.server_port)) as raw:
        raw.sendall(f"GET /files/{SHA256}/large.bin HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 200")
    assert served.ask("/simple/").status == 200
    assert not any("error" in line for line in served.logged())


def test_a_copy_without_links_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has no list of generations, and its pages are found by other paths."""
    copy = Path(shutil.copytree(write_index(tmp_path / "index"), tmp_path / "_site"))
    shutil.rmtree(copy / "generations")
    assert main(["index", "serve", str(copy)]) == 1
    err = capsys.readouterr().err
    assert "is a copy of an index whose links were followed" in err
    assert f"python -m http.server --directory {copy}" in err


def test_a_folder_without_an_index_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "serve", str(tmp_path)]) == 1
    assert "is not a release index" in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_index(tmp_path / "index")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["index", "serve", str(folder), "--port", port]) == 1
    error = capsys.readouterr().err
    assert f"127.0.0.1:{port}: cannot be listened on" in error
    assert "--port 0" in error


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal that it can handle")
def test_a_signal_ends_the_server_after_its_answers(tmp_path: Path) -> None:
    folder = write_index(tmp_path / "index")
    large = 32 << 20
    (folder / f"files/{SHA256}/large.bin").write_bytes(b"0" * large)
    report = tmp_path / "report.json"
    log = tmp_path / "log"
    command = [sys.executable, "-m", "spokeshave", "index", "serve", str(folder), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--report", str(report), "--log", str(log)],
        env={**os.environ, "PYTHONPATH": sources_and("")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not report.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        url = str(json.loads(report.read_text())["url"])
        connection = http.client.HTTPConnection(url[len("http://") : -1], timeout=20)
        connection.request("GET", f"/files/{SHA256}/large.bin")
        response = connection.getresponse()
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert len(response.read()) == large
        printed = process.communicate(timeout=20)[0]
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert f"{url}simple/" in printed
    assert "Traceback" not in printed
    assert f" 200 {large}\n" in log.read_text()
