"""Tests of pinned releases of CPython."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.headers.releases import (
    OTHER,
    PinnedRelease,
    PinnedReleaseError,
    PinnedReleases,
    fallback_warning,
    headers_hash,
)
from spokeshave_pants.resources.files import standalone_tool

SHA256 = "5c" * 32


def test_a_release_serves_the_free_threaded_build_too() -> None:
    releases = PinnedReleases.parse({"3.13": f"3.13.0|{SHA256}"})
    assert releases.serving(PythonVersion(13)) == PinnedRelease(PythonVersion(13), "3.13.0", SHA256)
    assert releases.serving(PythonVersion(13, free_threaded=True)) == releases.serving(PythonVersion(13))
    assert releases.serving(PythonVersion(12)) is None


def test_all_invalid_entries_are_reported_together() -> None:
    with pytest.raises(PinnedReleaseError) as caught:
        PinnedReleases.parse({"3.12": f"3.11.7|{SHA256}", "3.10": "3.10.13", "four": f"3.10.13|{SHA256}"})
    text = str(caught.value)
    assert "in '3.12', has '3.11.7|" in text
    assert "in '3.10', has '3.10.13'" in text
    assert "'four'" in text


def test_the_warning_has_the_reason_and_the_cost() -> None:
    release = PinnedRelease(PythonVersion(12), "3.12.1", SHA256)
    assert "neither this machine nor the remote cache nor Debian's package has these headers" in fallback_warning(
        release, 3, ""
    )
    assert "this machine's 3.12.1 have the sha256 abc" in fallback_warning(release, OTHER, "abc")


def test_the_hash_is_that_of_the_tool(tmp_path: Path) -> None:
    headers = {"Python.h": b"1", "cpython/a.h": b"2", "cpython-b.h": b"3"}
    for path, content in headers.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    tool: dict[str, Any] = {"__name__": "header_releases"}
    exec(compile(standalone_tool("header_releases.py"), "header_releases.py", "exec"), tool)
    assert headers_hash(headers) == tool["headers_hash"](tmp_path)
    assert headers_hash({**headers, "Python.h": b"4"}) != headers_hash(headers)
