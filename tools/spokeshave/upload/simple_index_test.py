from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import requests

from spokeshave.testing.index_fixtures import Answer, answering_server
from spokeshave.upload.simple_index import (
    IndexedFile,
    UnreadableIndexError,
    has_same_bytes,
    page_of_html,
    simple_index_of,
)


@pytest.mark.parametrize(
    ("upload", "simple"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/simple/"),
        ("http://127.0.0.1:8080/?a=b", "http://127.0.0.1:8080/simple/"),
        ("https://wheels.example.org/legacy/", "https://wheels.example.org/simple/"),
        ("https://wheels.example.org/pypi/upload", "https://wheels.example.org/pypi/simple/"),
        ("https://wheels.example.org/team/simple/", "https://wheels.example.org/team/simple/"),
        ("https://wheels.example.org/repository/ours", "https://wheels.example.org/repository/ours/simple/"),
    ],
)
def test_the_simple_index_is_derived_from_the_endpoint(upload: str, simple: str) -> None:
    assert simple_index_of(upload) == simple


def test_files_of_a_page_have_absolute_urls_and_hashes() -> None:
    page = """<!DOCTYPE html><html><head><base href="/files/"></head><body>
        <a name="no-target">top</a>
        <a href="demo-1.0-py3-none-any.whl#md5=0cc175b9">demo</a>
        <a href="../else/demo-1.1%2Blocal-py3-none-any.whl#sha256=AB12">demo</a>
        <a href="https://files.example.org/demo-1.2.tar.gz">demo</a>
        <a href="demo-1.3.tar.gz#sha256=ab12&egg=demo">demo</a>
        <a href="demo-1.4.tar.gz#egg=demo&SHA256=AB12&subdirectory=a">demo</a>
        <a href="demo-1.5.tar.gz#sha256=">demo</a>
        <a href="demo-1.6.tar.gz#sha256=unknown">demo</a>"""
    assert page_of_html(page, "https://wheels.example.org/simple/demo/").files == {
        "demo-1.0-py3-none-any.whl": IndexedFile(
            "https://wheels.example.org/files/demo-1.0-py3-none-any.whl", {"md5": "0cc175b9"}
        ),
        "demo-1.1+local-py3-none-any.whl": IndexedFile(
            "https://wheels.example.org/else/demo-1.1%2Blocal-py3-none-any.whl", {"sha256": "ab12"}
        ),
        "demo-1.2.tar.gz": IndexedFile("https://files.example.org/demo-1.2.tar.gz", {}),
        "demo-1.3.tar.gz": IndexedFile("https://wheels.example.org/files/demo-1.3.tar.gz", {"sha256": "ab12"}),
        "demo-1.4.tar.gz": IndexedFile("https://wheels.example.org/files/demo-1.4.tar.gz", {"sha256": "ab12"}),
        "demo-1.5.tar.gz": IndexedFile("https://wheels.example.org/files/demo-1.5.tar.gz", {}),
        "demo-1.6.tar.gz": IndexedFile("https://wheels.example.org/files/demo-1.6.tar.gz", {}),
    }


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_a_download_is_compared_as_it_is_stored(tmp_path: Path, encoding: str) -> None:
    sdist = tmp_path / "demo-1.0.tar.gz"
    sdist.write_bytes(gzip.compress(b"the archive"))
    text = sdist.read_bytes().decode("utf-8", "surrogateescape")
    answer = Answer(
        status=200,
        reason="OK",
        listing=(200, "application/x-tar", text),
        listing_headers=(("Content-Encoding", encoding),),
    )
    with answering_server(answer) as url:
        assert has_same_bytes(requests.Session(), IndexedFile(url, {}), sdist)
        sdist.write_bytes(b"the archive")
        assert not has_same_bytes(requests.Session(), IndexedFile(url, {}), sdist)


@pytest.mark.parametrize(("status", "may_pass"), [(404, True), (403, True), (503, True), (401, False), (410, False)])
def test_a_listed_file_that_is_not_there_yet_may_come(tmp_path: Path, status: int, may_pass: bool) -> None:
    answer = Answer(200, "OK", listing=(status, "text/plain", ""))
    with answering_server(answer) as url, pytest.raises(UnreadableIndexError) as raised:
        has_same_bytes(requests.Session(), IndexedFile(url, {}), tmp_path / "demo-1.0.tar.gz")
    assert raised.value.may_pass is may_pass
