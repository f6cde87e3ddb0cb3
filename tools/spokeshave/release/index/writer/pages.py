"""The pages of a generation. A page is a head, the fragments of its sets and a foot."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from spokeshave_core.release.index import IndexedSet

_API_VERSION = "1.4"
_HTML_FOOT = b"  </body>\n</html>\n"


def html_page(project: str) -> tuple[bytes, bytes]:
    """Return the head and the foot of a project's page (PEP 503, 629 and 792)."""
    return _html_head(f"Links for {project}", _API_VERSION), _HTML_FOOT


def links_page() -> tuple[bytes, bytes]:
    """Return the head and the foot of the page for `--find-links`."""
    return _html_head("Files of all releases", None), _HTML_FOOT


def html_root(projects: Iterable[str]) -> Iterator[bytes]:
    """Yield the parts of the page with all projects (PEP 503)."""
    yield _html_head("Simple index", _API_VERSION)
    for project in projects:
        yield f'    <a href="{project}/">{project}</a><br>\n'.encode()
    yield _HTML_FOOT


def json_page(project: str, versions: Sequence[str]) -> tuple[bytes, bytes]:
    """Return the head and the foot of a project's JSON page (PEP 691, 700 and 792), which has a line for each file."""
    head = {
        "meta": {"api-version": _API_VERSION},
        "name": project,
        "project-status": {"status": "active"},
        "versions": versions,
    }
    return _compact(head)[:-1] + b',"files":[\n', b"\n]}\n"


def json_root(projects: Iterable[str]) -> Iterator[bytes]:
    """Yield the parts of the JSON page with all projects (PEP 691)."""
    yield _compact({"meta": {"api-version": _API_VERSION}})[:-1] + b',"projects":[\n'
    yield b",\n".join(_compact({"name": project}) for project in projects)
    yield b"\n]}\n"


def projects_of(sets: Iterable[IndexedSet]) -> list[str]:
    """Return the projects of sets, sorted."""
    return sorted({project for listed in sets for project in listed.projects})


def _html_head(title: str, version: str | None) -> bytes:
    meta = f'    <meta name="pypi:repository-version" content="{version}">\n' if version else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8">\n{meta}'
        f"    <title>{escape(title)}</title>\n  </head>\n  <body>\n    <h1>{escape(title)}</h1>\n"
    ).encode()


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
