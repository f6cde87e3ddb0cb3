from __future__ import annotations

import gzip
import hashlib
import tarfile
from pathlib import Path

import pytest

from spokeshave.errors import InvalidInputsError
from spokeshave.sdist.archive import SdistFile, read_sdist, write_sdist
from spokeshave.testing import sdist_fixtures

FILES = {
    "b.c": SdistFile(b"int b;\n" * 50),
    "a/run.sh": SdistFile(b"#!/bin/sh\n", True),
    "PKG-INFO": SdistFile(b"Name: x\n"),
}


def test_the_bytes_do_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    first = write_sdist(tmp_path / "1", "x-1.0", FILES)
    second = write_sdist(tmp_path / "2", "x-1.0", dict(reversed(FILES.items())))
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest()
    # The bytes of another deflate or another tar would be other ones, and with them the release.
    assert first.sha256 == "208c3424abb96faa1d919efb3f3778d2ac6f7d4b6d9ed7a97581887c11dccfd0"


def test_members_have_no_owner_no_time_and_plain_modes(tmp_path: Path) -> None:
    path = write_sdist(tmp_path, "x-1.0", FILES).path
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == ["x-1.0/PKG-INFO", "x-1.0/a/run.sh", "x-1.0/b.c"]
    assert [member.mode for member in members] == [0o644, 0o755, 0o644]
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert len({member.mtime for member in members}) == 1
    assert path.read_bytes()[4:8] == b"\0\0\0\0"
    assert gzip.decompress(path.read_bytes())


def test_an_sdist_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = write_sdist(tmp_path, "x-1.0", FILES).path
    assert read_sdist(path) == ("x-1.0", FILES)


@pytest.mark.parametrize("member", ["y-1.0/PKG-INFO", "PKG-INFO", "x-1.0/../PKG-INFO"])
def test_a_member_outside_of_the_folder_is_an_error(tmp_path: Path, member: str) -> None:
    path = sdist_fixtures.write_sdist(tmp_path / "x-1.0.tar.gz", {member: "Name: x\n"})
    with pytest.raises(InvalidInputsError, match=r"not a file in x-1\.0"):
        read_sdist(path)


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x-1.0.tar.gz"
    path.write_bytes(b"no archive")
    with pytest.raises(InvalidInputsError, match="cannot be read"):
        read_sdist(path)
