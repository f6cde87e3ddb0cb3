"""Fixtures of the pages for people: releases with a few files, and a reader of pages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from spokeshave_core.outcomes import Outcome
from spokeshave_core.release.index import IndexedSet
from spokeshave_core.release.record import ReleaseFile, ReleaseProject, ReleaseRecord, TestEvidence

LINUX = "manylinux_2_17_x86_64"
WHERE = "Linux x86_64, glibc"
_VOID = {"br", "input", "link", "meta"}


class Page(HTMLParser):
    """The elements of a page in their order, each with its attributes and its text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(page.decode())
        self.close()
        assert not self._open, f"unclosed: {[name for name, _, _ in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = (tag, {name: value or "" for name, value in attrs}, list[str]())
        self.elements.append(found)
        if tag not in _VOID:
            self._open.append(found)

    def handle_endtag(self, tag: str) -> None:
        name, _, _ = self._open.pop()
        assert name == tag, f"</{tag}> ends <{name}>"

    def handle_data(self, data: str) -> None:
        for _, _, texts in self._open:
            texts.append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        """Return the text of each element with some attributes, of which `class_` may be one of several."""
        return ["".join(texts) for _, texts in self._matching(tag, attributes)]

    def attributes(self, tag: str, name: str) -> list[str]:
        """Return an attribute of all elements that have it."""
        return [found[name] for element, found, _ in self.elements if element == tag and name in found]

    def rows(self, class_: str) -> list[list[str]]:
        """Return the texts of the cells of each row of the tables of a class."""
        rows: list[list[str]] = []
        is_inside = False
        for name, found, texts in self.elements:
            if name == "table":
                is_inside = class_ in found.get("class", "").split()
            elif is_inside and name == "tr":
                rows.append([])
            elif is_inside and name in ("td", "th"):
                rows[-1].append("".join(texts))
        return rows

    def _matching(self, tag: str, wanted: dict[str, str]) -> Iterable[tuple[dict[str, str], list[str]]]:
        for name, found, texts in self.elements:
            if name == tag and all(value in found.get(key.rstrip("_"), "").split() for key, value in wanted.items()):
                yield found, texts


def passed_tests(*pythons: str, where: str = WHERE, **changes: Any) -> tuple[TestEvidence, ...]:
    """Return passed tests on some Pythons of one machine."""
    values = {"outcome": Outcome.PASSED, **changes}
    return tuple(TestEvidence(python=python, where=where, report_sha256="cd" * 32, **values) for python in pythons)


def release_file(name: str, tests: tuple[TestEvidence, ...] = (), requires: str = ">=3.10") -> ReleaseFile:
    """Return a file of a record, whose project is in its name."""
    return ReleaseFile(
        name=name,
        project=name.split("-")[0].replace("_", "-"),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        size=1_234_567,
        payload_sha256=None,
        metadata_sha256=None,
        requires_python=requires,
        tested=tests,
    )


def wheel(tag: str, *pythons: str, version: str = "1.0", requires: str = ">=3.10") -> ReleaseFile:
    """Return a wheel of the project `shapes` with passed tests on some Pythons."""
    return release_file(f"shapes-{version}-{tag}.whl", passed_tests(*pythons), requires)


def release(files: Iterable[ReleaseFile] = (), version: str = "1.0", **changes: Any) -> ReleaseRecord:
    """Return the record of a release of the project `shapes`."""
    found = tuple(files) or (wheel(f"cp312-cp312-{LINUX}", "3.12", version=version),)
    values: dict[str, Any] = {
        "name": "geometry",
        "version": version,
        "channel": "stable",
        "commit": "ab" * 20,
        "projects": {"shapes": ReleaseProject(version)},
        "files": found,
        **changes,
    }
    return ReleaseRecord(**values)


def listed_set(record: ReleaseRecord, **changes: Any) -> IndexedSet:
    """Return what an index lists of a record."""
    values: dict[str, Any] = {
        "name": record.name,
        "version": record.version,
        "channel": record.channel,
        "commit": record.commit,
        "manifest_sha256": "ef" * 32,
        "added": "2026-11-30T01:02:03.000000Z",
        "projects": tuple(record.projects),
        "files": len(record.files),
        "size": sum(file.size for file in record.files),
        "promoted_from": record.promoted_from.manifest_sha256 if record.promoted_from else None,
        **changes,
    }
    return IndexedSet(**values)
