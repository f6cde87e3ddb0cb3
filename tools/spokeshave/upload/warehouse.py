"""PyPI's own JSON API (`/pypi/NAME/json`), which shows a new file while caches still have a simple page without it.

Other indexes have no such API. Its key `releases` is deprecated and may vanish: the simple pages then count alone.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

import requests
from packaging.utils import canonicalize_name

from spokeshave.upload.simple_index import IndexedFile
from spokeshave_core.json_values import parse_any

_SIMPLE = re.compile(r"/simple/?$")


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
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        releases = parse_any(response.content)["releases"]
        return {file["filename"]: (str(version), _file(file)) for version, files in releases.items() for file in files}
    return {}


def _file(file: Mapping[str, Any]) -> IndexedFile:
    return IndexedFile(
        url=file["url"],
        hashes={algorithm: value.lower() for algorithm, value in file["digests"].items()},
        size=file.get("size"),
        upload_time=file.get("upload_time_iso_8601"),
        yanked=(file.get("yanked_reason") or "") if file.get("yanked") else None,
    )
