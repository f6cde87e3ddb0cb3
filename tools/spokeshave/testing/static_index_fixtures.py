"""What a reader finds on a static release index, with everything that can contradict itself compared."""

from __future__ import annotations

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

from spokeshave.release.index.folder import SETS, read_sets


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_open = tag == "a"
        if self._is_open:
            self.found.append({**{name: value or "" for name, value in attrs}, "text": ""})

    def handle_data(self, data: str) -> None:
        if self._is_open:
            self.found[-1]["text"] += data

    def handle_endtag(self, tag: str) -> None:
        self._is_open = self._is_open and tag != "a"


def html_links(path: Path) -> list[dict[str, str]]:
    """Return the links of a page: their attributes, and the `text`."""
    parser = _Links()
    parser.feed(path.read_text("utf-8"))
    return parser.found


def json_files(path: Path) -> list[dict[str, Any]]:
    """Return the files of a JSON page."""
    files: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["files"]
    return files


def listed_releases(index: Path) -> list[str]:
    """Return the versions that the newest generation lists, after comparing all of its pages with each other.

    Raises:
        AssertionError: If a page lacks a set, or has a file that is not there or is another one.
    """
    generation = (index / "current").resolve()
    sets = list(read_sets(generation / SETS))
    projects = sorted({project for listed in sets for project in listed.projects})
    assert [link["text"] for link in html_links(generation / "simple/index.html")] == projects
    assert sorted(path.name for path in (generation / "simple").iterdir() if path.is_dir()) == projects
    names: list[str] = []
    for project in projects:
        links = html_links(generation / "simple" / project / "index.html")
        files = json_files(generation / "v1+json" / project / "index.json")
        assert [link["text"] for link in links] == [file["filename"] for file in files]
        names += [link["text"] for link in links]
        for link, file in zip(links, files):
            _check_file(index, link, file)
    assert sorted(link["text"] for link in html_links(generation / "find-links.html")) == sorted(names)
    assert len(names) == sum(listed.files for listed in sets)
    for listed in sets:
        assert (index / "releases" / listed.name / listed.version / "release.json").is_file()
    return [listed.version for listed in sets]


def _check_file(index: Path, link: dict[str, str], file: dict[str, Any]) -> None:
    url, fragment = urldefrag(link["href"])
    assert url == file["url"]
    path = index / unquote(url).replace("../../", "", 1)
    assert path.name == file["filename"]
    assert fragment == f"sha256={hashlib.sha256(path.read_bytes()).hexdigest()}"
    assert file["hashes"] == {"sha256": path.parent.name}
    assert file["size"] == path.stat().st_size
    metadata = path.with_name(f"{path.name}.metadata")
    if path.suffix == ".whl":
        digest = hashlib.sha256(metadata.read_bytes()).hexdigest()
        assert link["data-core-metadata"] == f"sha256={digest}"
        assert file["core-metadata"] == {"sha256": digest}
        # The names of before PEP 714, which mislead old versions of pip.
        assert not {"data-dist-info-metadata", "dist-info-metadata"} & {*link, *file}
