"""`index serve` over a folder of the documented layout, asked by HTTP. The end-to-end tests ask with pip and uv."""

from __future__ import annotations

import http.client
import io
import json
import os
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
from spokeshave.release.index.server.http_server import IndexServer
from spokeshave.release.index.server.negotiation import SimpleForm
from spokeshave.release.index.server.site import Site
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


def test_a_client_that_leaves_is_not_an_error(served: Served) -> None:
    large = served.folder / f"files/{SHA256}/large.bin"
    large.write_bytes(b"0" * (64 << 20))
    with socket.create_connection(("127.0.0.1", served.server.server_port)) as raw:
        raw.sendall(f"GET /files/{SHA256}/large.bin HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 200")
    assert served.ask("/simple/").status == 200
    assert not any("error" in line for line in served.logged())


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
