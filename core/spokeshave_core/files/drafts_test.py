"""Drafts of processes that were killed, and of processes that write at the same time."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from spokeshave_core.files.drafts import draft_file, draft_folder, open_named

if sys.platform == "win32":
    pytest.skip("Windows has no such locks", allow_module_level=True)

import fcntl


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def killed_in(folder: Path, *, is_folder: bool) -> None:
    """Let a process end in the middle of a draft."""
    child = os.fork()
    if child == 0:
        if is_folder:
            with draft_folder(folder / "a") as draft:
                (draft / "below").mkdir()
                (draft / "below" / "file").write_text("half")
                os._exit(0)
        with draft_file(folder / "a") as stream:
            stream.write(b"a half that is longer")
            stream.flush()
            os._exit(0)
    os.waitpid(child, 0)


def test_the_draft_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    for _ in range(3):
        killed_in(tmp_path, is_folder=False)
        assert names(tmp_path) == [".a.0.draft"]
    with draft_file(tmp_path / "a") as stream:
        stream.write(b"whole")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"whole"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_the_draft_of_a_folder_is_emptied(tmp_path: Path) -> None:
    for _ in range(3):
        killed_in(tmp_path, is_folder=True)
        assert names(tmp_path) == [".a.0.draft"]
    with draft_folder(tmp_path / "a") as draft:
        assert names(draft) == []
        (draft / "new").touch()
        draft.rename(tmp_path / "a")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["new"]


def test_the_draft_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    with draft_file(tmp_path / "a") as first, draft_file(tmp_path / "a") as second:
        first.write(b"first")
        second.write(b"second")
        assert names(tmp_path) == [".a.0.draft", ".a.1.draft"]
    assert (tmp_path / "a").read_bytes() == b"first"
    with draft_folder(tmp_path / "b") as draft, draft_folder(tmp_path / "b") as other:
        draft.rename(tmp_path / "b")
        with draft_folder(tmp_path / "b") as third:
            assert names(tmp_path) == [".b.0.draft", ".b.1.draft", "a", "b"]
            assert (third.name, other.name) == (".b.0.draft", ".b.1.draft")
    assert names(tmp_path) == ["a", "b"]


def test_another_file_of_the_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("other")
    (tmp_path / ".a.0.draft").symlink_to(tmp_path / "elsewhere")
    (tmp_path / ".a.1.draft").mkdir()
    with draft_file(tmp_path / "a") as stream:
        stream.write(b"mine")
    assert names(tmp_path) == [".a.0.draft", ".a.1.draft", "a", "elsewhere"]
    assert (tmp_path / "elsewhere").read_text() == "other"


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def fail() -> None:
        with draft_file(tmp_path / "a") as stream:
            stream.write(b"half")
            raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fail()
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_an_error_of_writing_names_the_file() -> None:
    with (
        pytest.raises(OSError, match="No space left on device: '/a/b'"),
        open_named(Path("/dev/full"), "w+", Path("/a/b")) as stream,
    ):
        stream.write(b"x")


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), draft_file(tmp_path / "none" / "a"):
        pass
    with pytest.raises(FileNotFoundError), draft_folder(tmp_path / "none" / "a"):
        pass


def test_a_draft_of_another_user_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each new file is another user's, as on some network file systems, the new one is used."""
    killed_in(tmp_path, is_folder=False)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with draft_file(tmp_path / "a") as stream:
        stream.write(b"mine")
        assert names(tmp_path) == [".a.0.draft", ".a.1.draft"]
    assert names(tmp_path) == [".a.0.draft", "a"]


def test_without_locks_each_draft_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        draft_file(tmp_path / "a") as first,
        draft_file(tmp_path / "a") as second,
        draft_folder(tmp_path / "b") as third,
    ):
        first.write(b"first")
        second.write(b"second")
        assert len(names(tmp_path)) == 3
        third.rename(tmp_path / "b")
    assert names(tmp_path) == ["a", "b"]


def test_many_processes_write_to_one_place(tmp_path: Path) -> None:
    """Each of them whole, with drafts that others take over, rename and remove meanwhile."""
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            _write_often(tmp_path, bytes([number]) * 100_000)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    data = (tmp_path / "a").read_bytes()
    assert data == data[:1] * 100_000
    assert names(tmp_path) == ["a"]


def _write_often(folder: Path, data: bytes) -> None:
    """Write a file and a folder again and again, and end this process."""
    try:
        for _ in range(100):
            with draft_file(folder / "a") as stream:
                stream.write(data[:50_000])
                stream.write(data[50_000:])
            with draft_folder(folder / "b") as draft:
                (draft / "file").write_bytes(data)
        os._exit(0)
    finally:
        os._exit(1)
