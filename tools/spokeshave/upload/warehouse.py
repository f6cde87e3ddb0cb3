"""PyPI's own JSON API (`/pypi/NAME/json`), which shows a new file while caches still have a simple page without it.

Other indexes have no such API. Its key `releases` is deprecated and may vanish: the simple pages then count alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import requests
from packaging.utils import canonicalize_name

from spokeshave.upload.simple_index import IndexedFile
from spokeshave_core.json_values import parse_any

_SIMPLE = re.compile(r"/simple/?$")
_OPTIONAL_TEXT = (str, type(None))
_FIELDS = {
    "filename": (str,),
    "url": (str,),
    "size": (int, type(None)),
    "upload_time_iso_8601": _OPTIONAL_TEXT,
    "yanked_reason": _OPTIONAL_TEXT,
}


def read_project_api(session: requests.Session, simple: str, project: str) -> Mapping[str, tuple[str, IndexedFile]]:
    """Return the files of a project with their versions, by name. Empty if the index has no such API.

    Args:
        simple: The URL of the index's simple pages.

    Raises:
        RequestException: For network errors.
    """
    url, count = _SIMPLE.subn(f"/pypi/{canonicalize_name(project)}/json", simple)
    if not count:
        return {}
    headers = {"Accept": "application/json", "Cache-Control": "no-cache"}
    response = session.get(url, headers=headers, allow_redirects=False)
    if response.status_code != requests.codes.ok:
        return {}
    return parse_project(response.content)


def parse_project(content: bytes) -> Mapping[str, tuple[str, IndexedFile]]:
    """Return the files in an answer of the API with their versions, by name. Empty if it has another form."""
    try:
        releases = parse_any(content)["releases"]
        return {
            found["filename"]: (str(version), _file(found))
            for version, files in releases.items()
            for found in (_checked(file) for file in files)
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def _checked(file: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an entry whose fields have the types of the API.

    Raises:
        TypeError: If they do not.
    """
    for name, kinds in _FIELDS.items():
        if not isinstance(file.get(name), kinds):
            raise TypeError(f"{name} is not of its type")
    return file


def _file(file: Mapping[str, Any]) -> IndexedFile:
    return IndexedFile(
        url=file["url"],
        hashes={algorithm: value.lower() for algorithm, value in file["digests"].items()},
        size=file.get("size"),
        upload_time=file.get("upload_time_iso_8601"),
        yanked=(file.get("yanked_reason") or "") if file.get("yanked") else None,
    )
