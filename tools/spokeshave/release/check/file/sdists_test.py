from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from spokeshave.release.check.fields import check_names
from spokeshave.release.check.file.reader import read_file
from spokeshave.testing.sdist_fixtures import write_sdist

NAME = "abacus_runtime-3.12.0.tar.gz"
TOP = "abacus_runtime-3.12.0"
METADATA = "Metadata-Version: 2.4\nName: abacus-runtime\nVersion: 3.12.0\n"


def sdist_of(folder: Path, files: Mapping[str, str], name: str = NAME) -> Path:
    return write_sdist(folder / name, files)


def problems(path: Path) -> list[str]:
    file = read_file(path)
    return [str(problem) for problem in (*check_names([file]), *file.problems)]


def test_an_sdist_in_order_has_no_problems(tmp_path: Path) -> None:
    licensed = {f"{TOP}/PKG-INFO": f"{METADATA}License-File: LICENSE\n", f"{TOP}/LICENSE": "MIT"}
    path = sdist_of(tmp_path, licensed)
    assert problems(path) == []
    file = read_file(path)
    assert (file.project, str(file.version), file.tag) == ("abacus-runtime", "3.12.0", None)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({f"{TOP}/PKG-INFO": METADATA, "other/file": ""}, "has 2 top-level directories or files"),
        ({f"{TOP}/setup.py": ""}, f"has no {TOP}/PKG-INFO"),
        ({f"{TOP}/PKG-INFO": METADATA.replace("runtime", "other")}, "is of abacus-other, but the file name says"),
        (
            {f"{TOP}/PKG-INFO": METADATA.replace("3.12.0", "3.11.0")},
            "has version 3.11.0, but the file name says 3.12.0",
        ),
        ({f"{TOP}/PKG-INFO": f"{METADATA}License-File: LICENSE\n"}, "names the license file LICENSE, which the sdist"),
        ({f"{TOP}/PKG-INFO": f"{METADATA}Requires-Dist: a b\n"}, "is invalid: the field requires-dist"),
    ],
)
def test_a_refused_sdist_is_reported(tmp_path: Path, files: Mapping[str, str], expected: str) -> None:
    found = problems(sdist_of(tmp_path, files))
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Abacus.Runtime-3.12.0.tar.gz", "should be named abacus_runtime-3.12.0.tar.gz"),
        ("abacus_runtime-0+unstamped.tar.gz", "has no version yet"),
        ("abacus.tar.gz", "is not the file name of an sdist"),
    ],
)
def test_the_name_of_an_sdist_is_checked(tmp_path: Path, name: str, expected: str) -> None:
    found = problems(sdist_of(tmp_path, {f"{TOP}/PKG-INFO": METADATA}, name))
    assert any(expected in problem for problem in found), found


def test_a_file_that_is_not_an_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"no archive")
    assert len(problems(path)) == 1
    assert "cannot be read as a gzipped tar archive" in problems(path)[0]


@pytest.mark.parametrize(
    ("name", "kind", "target", "fault"),
    [
        (f"{TOP}/../evil", tarfile.REGTYPE, "", "leads outside the sdist or is not portable"),
        (f"{TOP}/a\\b", tarfile.REGTYPE, "", "is not portable"),
        (f"/{TOP}/evil", tarfile.REGTYPE, "", "leads outside the sdist or is not portable"),
        (f"{TOP}/link", tarfile.SYMTYPE, "/etc/passwd", "a symbolic link to /etc/passwd, which leads outside"),
        (f"{TOP}/a/link", tarfile.SYMTYPE, "../../other/x", "a symbolic link to ../../other/x, which leads outside"),
        (f"{TOP}/link", tarfile.SYMTYPE, "C:/x", "which leads outside"),
        (f"{TOP}/link", tarfile.LNKTYPE, f"{TOP}/../x", "which leads outside"),
        (f"{TOP}/pipe", tarfile.FIFOTYPE, "", "is not a file, a folder or a link"),
        (f"{TOP}/a/link", tarfile.SYMTYPE, "../LICENSE", None),
        (f"{TOP}/link", tarfile.LNKTYPE, f"{TOP}/PKG-INFO", None),
        (f"{TOP}/folder", tarfile.DIRTYPE, "", None),
    ],
)
def test_a_member_that_leads_outside_is_refused(
    tmp_path: Path, name: str, kind: bytes, target: str, fault: str | None
) -> None:
    path = tmp_path / NAME
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo(f"{TOP}/PKG-INFO")
        info.size = len(METADATA)
        archive.addfile(info, io.BytesIO(METADATA.encode()))
        member = tarfile.TarInfo(name)
        member.type = kind
        member.linkname = target
        archive.addfile(member)
    found = problems(path)
    assert any(fault in problem for problem in found) if fault else found == [], found


def test_a_sparse_member_is_refused(tmp_path: Path) -> None:
    path = sdist_of(tmp_path, {f"{TOP}/PKG-INFO": METADATA})
    sparse = tarfile.TarInfo(f"{TOP}/hole")
    sparse.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.map": "0,1",
        "GNU.sparse.size": "9",
    }
    sparse.size = 1
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(f"{TOP}/PKG-INFO")
        info.size = len(METADATA)
        archive.addfile(info, io.BytesIO(METADATA.encode()))
        archive.addfile(sparse, io.BytesIO(b"x"))
    (problem,) = problems(path)
    assert f"{TOP}/hole is a sparse file, which PyPI refuses" in problem
