"""Tests of pinned releases of CPython."""

from __future__ import annotations

import pytest

from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.headers.releases import (
    OTHER,
    PinnedRelease,
    PinnedReleaseError,
    PinnedReleases,
    fallback_warning,
)

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
    assert "neither this machine nor the remote cache has these headers" in fallback_warning(release, 3, "")
    assert "this machine's 3.12.1 have the sha256 abc" in fallback_warning(release, OTHER, "abc")
