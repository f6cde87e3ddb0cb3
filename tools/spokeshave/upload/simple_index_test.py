from __future__ import annotations

import pytest

from spokeshave.upload.simple_index import IndexedFile, page_of_html, simple_index_of


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
        <a href="demo-1.0-py3-none-any.whl#md5=nothing">demo</a>
        <a href="../else/demo-1.1%2Blocal-py3-none-any.whl#sha256=AB12">demo</a>
        <a href="https://files.example.org/demo-1.2.tar.gz">demo</a>"""
    assert page_of_html(page, "https://wheels.example.org/simple/demo/").files == {
        "demo-1.0-py3-none-any.whl": IndexedFile(
            "https://wheels.example.org/files/demo-1.0-py3-none-any.whl", {"md5": "nothing"}
        ),
        "demo-1.1+local-py3-none-any.whl": IndexedFile(
            "https://wheels.example.org/else/demo-1.1%2Blocal-py3-none-any.whl", {"sha256": "ab12"}
        ),
        "demo-1.2.tar.gz": IndexedFile("https://files.example.org/demo-1.2.tar.gz", {}),
    }
