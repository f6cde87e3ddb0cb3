"""Tests of the program that unpacks source archives: what it writes, and what it refuses before it writes."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pytest

from spokeshave.standalone.unpack import Member, main, tar_members, write_tree


@pytest.fixture(autouse=True)
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def info(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type = kind
    for field, value in fields.items():
        setattr(found, field, value)
    return found


def write_tar(members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w:gz") -> Path:
    path = Path("tree.tar")
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_zip(files: dict[str, bytes], mode: int = 0o644) -> Path:
    path = Path("tree.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, content)
    return path


def unpacked(archive: Path, *options: str) -> dict[str, str]:
    assert main([str(archive), "out", *options]) == 0
    return {
        path.relative_to("out").as_posix(): path.read_text()
        for path in sorted(Path("out").rglob("*"))
        if path.is_file()
    }


def refusal(archive: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main([str(archive), "out", *options]) == 1
    assert not Path("out").exists()
    return capsys.readouterr().err


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_files_lose_their_one_folder(mode: str) -> None:
    archive = write_tar([(info("a-1.0/src/a.c"), b"int a;\n"), (info("a-1.0/configure", mode=0o4755), b"#!\n")], mode)
    assert unpacked(archive) == {"configure": "#!\n", "src/a.c": "int a;\n"}
    modes = [stat.S_IMODE(Path("out", name).stat().st_mode) for name in ("configure", "src/a.c")]
    assert modes == [0o755, 0o644]


def test_files_are_written_in_the_order_of_the_archive() -> None:
    """A step back in a compressed tar file reads it again from its start: 2,000 files of gmp took minutes."""
    names = ["c", "a/z", "b", "a/y"]
    read: list[str] = []
    with tarfile.open(write_tar([(info(name), b"") for name in names], "w:xz")) as archive:
        members = {member.path: member for member in tar_members(archive)}

        def recorded(member: Member) -> BinaryIO:
            read.append(member.path)
            assert member.open is not None
            return member.open()

        write_tree(
            {name: replace(members[name], open=partial(recorded, members[name])) for name in sorted(names)}, Path("out")
        )
    assert read == names


def test_zip_files_keep_modes() -> None:
    assert unpacked(write_zip({"a-1.0/run": b"x"}, 0o100711)) == {"run": "x"}
    assert stat.S_IMODE(Path("out/run").stat().st_mode) == 0o755


def test_two_folders_at_the_top_are_kept() -> None:
    assert set(unpacked(write_zip({"a/x": b"1", "b/y": b"2"}))) == {"a/x", "b/y"}


def test_components_are_stripped_as_asked() -> None:
    assert set(unpacked(write_zip({"a/x/y": b"1"}), "--strip-components", "0")) == {"a/x/y"}


def test_links_and_hard_links_are_kept_inside() -> None:
    members = [
        (info("p/a"), b"text"),
        (info("p/d/soft", tarfile.SYMTYPE, linkname="../a"), b""),
        (info("p/hard", tarfile.LNKTYPE, linkname="p/a"), b""),
    ]
    assert unpacked(write_tar(members)) == {"a": "text", "d/soft": "text", "hard": "text"}
    assert str(Path("out/d/soft").readlink() if hasattr(Path, "readlink") else "") == "../a"


HOSTILE = {
    "absolute": ([(info("/etc/x"), b"")], "leads out of the tree"),
    "parent": ([(info("a/../../x"), b"")], "leads out of the tree"),
    "drive": ([(info("c:x"), b"")], "leads out of the tree"),
    "backslash": ([(info("a\\x"), b"")], "leads out of the tree"),
    "device": ([(info("a/null", tarfile.CHRTYPE), b"")], "neither a file, a folder nor a link"),
    "link out": ([(info("a/l", tarfile.SYMTYPE, linkname="../../x"), b"")], "out of the tree"),
    "absolute link": ([(info("a/l", tarfile.SYMTYPE, linkname="/etc"), b"")], "out of the tree"),
    "write through a link": (
        [(info("a/l", tarfile.SYMTYPE, linkname="b"), b""), (info("a/l/x"), b"")],
        "is a file or a link",
    ),
    "hard link to nothing": ([(info("a/h", tarfile.LNKTYPE, linkname="a/z"), b"")], "not before it"),
    "empty": ([], "it is empty"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tar_files_are_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    members, message = HOSTILE[name]
    assert message in refusal(write_tar(members), capsys)


def test_a_zip_with_a_path_that_leaves_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "leads out of the tree" in refusal(write_zip({"../x": b""}), capsys)


def test_stripping_everything_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    message = refusal(write_zip({"a/x": b""}), capsys, "--strip-components", "2")
    assert "nothing is left" in message
    assert "a at the top" in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello", "neither a tar file"),
        (b"\x28\xb5\x2f\xfd0000", "compressed by zstd"),
        (b"", "neither a tar file"),
    ],
)
def test_other_files_are_refused(content: bytes, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("tree.tar").write_bytes(content)
    assert message in refusal(Path("tree.tar"), capsys)


def test_a_cut_archive_is_damaged(capsys: pytest.CaptureFixture[str]) -> None:
    archive = write_tar([(info("a/x"), bytes(range(256)) * 1000)])
    archive.write_bytes(archive.read_bytes()[:-200])
    assert main([str(archive), "out"]) == 1
    assert "tree.tar: it is " in capsys.readouterr().err
