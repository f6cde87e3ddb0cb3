"""Tests of pinned archives of headers: their entries, the archive for a build, and its contents."""

from __future__ import annotations

import pytest

from spokeshave_core.platform import Platform
from spokeshave_core.python_abi import PythonVersion
from spokeshave_pants.headers.archives import (
    PinnedArchive,
    PinnedArchiveError,
    PinnedArchives,
    download_problem,
    headers_version,
    include_folder,
)

SHA256 = "0123456789abcdef" * 4
URL = "https://example.org/cpython-3.12.3-install_only.tar.gz"
WINDOWS = Platform.parse("win_amd64")
LINUX = Platform.parse("manylinux_2_17_x86_64")


def test_an_archive_is_pinned_by_address_hash_and_size() -> None:
    archive = PinnedArchive.parse("3.12", f"{URL}|{SHA256}|1234")
    assert archive == PinnedArchive(version=PythonVersion(12), platform=None, url=URL, sha256=SHA256, size=1234)
    assert archive.name == "cpython-3.12.3-install_only.tar.gz"


@pytest.mark.parametrize(
    "text",
    [
        "",
        URL,
        f"{URL}|{SHA256}",
        f"|{SHA256}|1234",
        f"{URL}|{SHA256[1:]}|1234",
        f"{URL}|{SHA256.upper()}|1234",
        f"{URL}|{SHA256}|",
        f"{URL}|{SHA256}|12²",
        f"{URL}|{SHA256}|-1",
        f"{URL}|{SHA256}|{'9' * 5000}",
        f"{URL}|{SHA256}|1|2",
    ],
)
def test_an_archive_that_is_not_pinned_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(PinnedArchiveError) as caught:
        PinnedArchive.parse("3.12", text)
    assert "`[python-headers].archives`, in '3.12'," in str(caught.value)
    assert f"has {text!r}. Write it as URL|SHA256|BYTES." in str(caught.value)


def test_all_invalid_entries_are_reported_together() -> None:
    pin = f"{URL}|{SHA256}|1"
    with pytest.raises(PinnedArchiveError) as caught:
        PinnedArchives.parse({"3.12": "?", "3,11": pin, "3.13:win_amd46": pin, "3.10:": pin, "3.9": pin})
    message = str(caught.value)
    assert all(f"in {key!r}," in message for key in ("3.12", "3,11", "3.13:win_amd46", "3.10:"))
    assert "in '3.9'" not in message


def test_a_platforms_archive_wins_and_serves_both_builds() -> None:
    entries = {"3.12": 1, "3.12:win_amd64": 2, "3.13t": 3, "3.14": 4, "3.14t": 5}
    archives = PinnedArchives.parse({key: f"{URL}|{SHA256}|{size}" for key, size in entries.items()})

    def size(version: PythonVersion, platform: Platform) -> int | None:
        archive = archives.serving(version, platform)
        return archive.size if archive else None

    assert (size(PythonVersion(12), LINUX), size(PythonVersion(12), WINDOWS)) == (1, 2)
    assert (size(PythonVersion(13), LINUX), size(PythonVersion(13, free_threaded=True), LINUX)) == (3, 3)
    assert (size(PythonVersion(14), LINUX), size(PythonVersion(14, free_threaded=True), LINUX)) == (4, 5)
    assert size(PythonVersion(11), LINUX) is None


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        (
            ["python/include/python3.12/Python.h", "python/include/python3.12/cpython/object.h"],
            "python/include/python3.12",
        ),
        (["python/include/python3.13t/Python.h"], "python/include/python3.13t"),
        (["python/include/Python.h", "python/include/object.h"], "python/include"),
        (["python/include/other/Python.h", "python/include/python3.12/object.h"], None),
        ([], None),
    ],
)
def test_header_folders_of_unix_and_windows_are_found(paths: list[str], folder: str | None) -> None:
    assert include_folder(paths, PythonVersion(12)) == folder


def test_of_several_versions_in_one_archive_the_own_one_is_taken() -> None:
    paths = [f"python/include/python3.{minor}/Python.h" for minor in (10, 12, 13)]
    assert include_folder(paths, PythonVersion(12)) == "python/include/python3.12"


def test_the_version_of_headers_is_in_patchlevel_h() -> None:
    text = '#define PY_MAJOR_VERSION\t3\n#define PY_VERSION      \t"3.12.1"\n'
    assert headers_version(text) == "3.12.1"
    assert headers_version("") is None


def test_failed_downloads_are_reported_with_the_reason() -> None:
    problem = download_problem(PinnedArchive.parse("3.12:win_amd64", f"{URL}|{SHA256}|1234"), "Error (404 Not Found)")
    assert URL in problem
    assert "for Python 3.12:win_amd64" in problem
    assert "404 Not Found" in problem
