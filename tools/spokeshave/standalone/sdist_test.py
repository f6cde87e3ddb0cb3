"""Tests of the program that downloads an sdist: from a folder and from an index, by hash."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from spokeshave.standalone.sdist import main

_SDIST = b"a source distribution"
_SHA256 = hashlib.sha256(_SDIST).hexdigest()


@pytest.fixture(autouse=True)
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    os.mkdir("packages")
    os.mkdir("links")
    Path("links/p_q-1.0.tar.gz").write_bytes(_SDIST)
    Path("links/only-1.0-py3-none-any.whl").write_bytes(b"a wheel")
    return tmp_path


def fetch(requirement: str, sha256: str = _SHA256, *, index: str = "", links: bool = True) -> int:
    request = {
        "requirement": requirement,
        "sha256": [sha256],
        "indexes": [index] if index else [],
        "find_links": [Path("links").resolve().as_uri()] if links else [],
        "cert": None,
    }
    Path("request.json").write_text(json.dumps(request))
    return main(["packages", "out", "request.json"])


def test_a_folder_of_links_has_it() -> None:
    assert fetch("p.q==1.0") == 0
    assert Path("out/p_q-1.0.tar.gz").read_bytes() == _SDIST


def test_an_index_has_it(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/simple/p-q/").respond_with_json(
        {"files": [{"filename": "p_q-1.0.tar.gz", "url": "/f/p_q-1.0.tar.gz", "hashes": {"sha256": _SHA256}}]},
        content_type="application/vnd.pypi.simple.v1+json",
    )
    httpserver.expect_request("/f/p_q-1.0.tar.gz").respond_with_data(_SDIST)
    assert fetch("p.q==1.0", index=httpserver.url_for("/simple"), links=False) == 0
    assert Path("out/p_q-1.0.tar.gz").read_bytes() == _SDIST


def test_a_file_with_other_bytes_than_its_index_says_is_refused(
    httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    link = f'<a href="/f/p_q-1.0.tar.gz#sha256={_SHA256}">p_q-1.0.tar.gz</a>'
    httpserver.expect_request("/simple/p-q/").respond_with_data(link, content_type="text/html")
    httpserver.expect_request("/f/p_q-1.0.tar.gz").respond_with_data(b"other bytes")
    assert fetch("p.q==1.0", index=httpserver.url_for("/simple"), links=False) == 1
    assert "cannot be downloaded: Hash mismatch" in capsys.readouterr().err


def test_an_index_that_fails_is_named(httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]) -> None:
    httpserver.expect_request("/simple/p-q/").respond_with_data("busy", status=503)
    assert fetch("p.q==1.0", index=httpserver.url_for("/simple"), links=False) == 1
    assert "Server Error(503)" in capsys.readouterr().err


def test_an_index_without_a_server_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("p.q==1.0", index="http://127.0.0.1:9/simple", links=False) == 1
    assert "cannot be downloaded: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        ("p.q==2.0", "does not have it"),
        ("only==1.0", "has only wheels of it"),
    ],
)
def test_what_no_index_has_is_refused(requirement: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch(requirement) == 1
    assert message in capsys.readouterr().err


def test_another_hash_is_shown_and_refused(httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]) -> None:
    link = f'<a href="/f/p_q-1.0.tar.gz#sha256={_SHA256}">p_q-1.0.tar.gz</a>'
    httpserver.expect_request("/simple/p-q/").respond_with_data(link, content_type="text/html")
    assert fetch("p.q==1.0", "0" * 64, index=httpserver.url_for("/simple"), links=False) == 1
    assert f"--hash=sha256:{_SHA256}  (p_q-1.0.tar.gz)" in capsys.readouterr().err
    assert fetch("p.q==1.0", "0" * 64) == 1
    assert _SHA256 in capsys.readouterr().err


def test_no_index_at_all_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("p.q==1.0", links=False) == 1
    assert "neither indexes nor find_links" in capsys.readouterr().err
