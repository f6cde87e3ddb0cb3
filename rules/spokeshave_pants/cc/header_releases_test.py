"""Pinned releases of CPython, and the scripts that find their headers."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from spokeshave_pants.cc.header_releases import (
    COPY_SCRIPT,
    INCLUDE,
    LINK_SCRIPT,
    MISSING,
    OTHER,
    PinnedRelease,
    PinnedReleaseError,
    PinnedReleases,
    fallback_warning,
)
from spokeshave_pants.python_abi import PythonVersion

FILES = {"Python.h": "#pragma once\n", "cpython/object.h": "int object;\n"}
# What `find | sort | xargs sha256sum | sha256sum` makes of them.
LISTING = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  ./{path}\n" for path, text in FILES.items())
SHA256 = hashlib.sha256(LISTING.encode()).hexdigest()


@pytest.fixture
def headers(tmp_path: Path) -> Path:
    """An interpreter's folder of headers."""
    for path, text in {**FILES, "pyconfig.h": "of this machine\n"}.items():
        file = tmp_path / "machine/python3.12" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "cache").mkdir()
    return tmp_path / "machine/python3.12"


def run(script: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script, "cache", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def link(folder: Path, headers: Path) -> None:
    assert run(LINK_SCRIPT, folder, "3.12.1", str(headers)).returncode == 0


def test_the_headers_are_copied_where_their_hash_is_the_pinned_one(tmp_path: Path, headers: Path) -> None:
    link(tmp_path, headers)
    link(tmp_path, headers)  # as another run does
    done = run(COPY_SCRIPT, tmp_path, "3.12.1", SHA256)
    assert (done.returncode, done.stdout, done.stderr) == (0, SHA256, "")
    assert (tmp_path / INCLUDE / "cpython/object.h").read_text() == "int object;\n"


def test_other_headers_of_the_same_release_are_refused_and_their_hash_is_told(tmp_path: Path, headers: Path) -> None:
    link(tmp_path, headers)
    done = run(COPY_SCRIPT, tmp_path, "3.12.1", "0" * 64)
    assert (done.returncode, done.stdout) == (OTHER, SHA256)


def test_a_release_that_the_machine_does_not_have_is_missing(tmp_path: Path, headers: Path) -> None:
    assert run(COPY_SCRIPT, tmp_path, "3.12.1", SHA256).returncode == MISSING


def test_a_release_serves_its_version_and_the_free_threaded_build() -> None:
    releases = PinnedReleases.parse({"3.13": f"3.13.0|{SHA256}"})
    assert releases.serving(PythonVersion(13)) == PinnedRelease(PythonVersion(13), "3.13.0", SHA256)
    assert releases.serving(PythonVersion(13, free_threaded=True)) == releases.serving(PythonVersion(13))
    assert releases.serving(PythonVersion(12)) is None


def test_every_wrong_entry_is_told_at_once() -> None:
    with pytest.raises(PinnedReleaseError) as caught:
        PinnedReleases.parse({"3.12": f"3.11.7|{SHA256}", "3.10": "3.10.13", "four": f"3.10.13|{SHA256}"})
    text = str(caught.value)
    assert "in '3.12', has '3.11.7|" in text and "in '3.10', has '3.10.13'" in text and "'four'" in text


def test_the_warning_says_why_and_what_it_costs() -> None:
    release = PinnedRelease(PythonVersion(12), "3.12.1", SHA256)
    assert "neither this machine nor the remote cache has them" in fallback_warning(release, MISSING, "")
    assert "this machine's 3.12.1 have the sha256 abc" in fallback_warning(release, OTHER, "abc")
