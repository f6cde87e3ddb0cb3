"""Folders that are not indexes, or no longer, and what in an index is not its own: nothing of them is removed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.testing.killing_fixtures import tree_of
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.static_index_fixtures import listed_releases

VERSIONS = ("3.11.0", "3.12.0", "3.13.0")
PLATFORM = "manylinux_2_17_x86_64"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with records as `pants package` lays them out."""
    folder = tmp_path_factory.mktemp("sealed") / "dist"
    for version in VERSIONS:
        write_release(folder / "releases", version, platforms=[PLATFORM], has_sdist=False)
    shutil.rmtree(folder / "releases/wheels")
    return folder


@pytest.fixture
def index(tmp_path: Path, dist: Path) -> Path:
    """An index of two releases."""
    folder = tmp_path / "index"
    for number, version in enumerate(VERSIONS[:2], 1):
        assert add(record(dist, version), folder, "--added", f"2026-11-0{number}") == 0
    return folder


def record(dist: Path, version: str) -> Path:
    return dist / "releases/abacus" / version


def add(sealed: Path, index: Path, *options: str) -> int:
    return main(["index", "add", str(sealed), str(index), *options])


def test_a_folder_of_records_is_not_an_index(dist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = Path(shutil.copytree(dist, tmp_path / "dist"))
    before = tree_of(copy)
    for sealed in (record(copy, "3.12.0"), record(dist, "3.12.0")):
        assert add(sealed, copy) == 1
        assert main(["release", "publish", str(sealed), "--to", f"index:{copy}"]) == 1
    assert "is a folder that is not a release index: it has releases" in capsys.readouterr().err
    # Not even if a file happens to have the name of the lock.
    (copy / "lock").touch()
    assert add(record(dist, "3.12.0"), copy) == 1
    assert "it has releases/abacus/3.11.0/files" in capsys.readouterr().err
    (copy / "lock").unlink()
    assert tree_of(copy) == before


@pytest.mark.parametrize("has_lock", [True, False], ids=["with lock", "without"])
@pytest.mark.parametrize(
    "path",
    [
        "files/notes.txt",
        "generations/first/notes.txt",
        "generations/1/notes.txt",
        "incoming/letter.txt",
        "releases/2026/plan.txt",
        "releases/abacus/3.12.0/files/abacus.whl",
        "simple/index.html",
        "index.html",
        "current/notes.txt",
    ],
)
def test_folders_of_the_same_names_are_not_an_index(tmp_path: Path, dist: Path, path: str, has_lock: bool) -> None:
    folder = tmp_path / "mine"
    file = folder / path
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    if has_lock:
        (folder / "lock").touch()
    before = tree_of(folder)
    assert add(record(dist, "3.12.0"), folder) == 1
    assert tree_of(folder) == before


def test_a_record_and_an_index_are_not_in_each_other(
    dist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(dist, tmp_path / "dist"))
    before = tree_of(tmp_path)
    sealed = record(copy, "3.12.0")
    assert add(sealed, sealed / "index") == 1
    assert f"{sealed}: has the index in it, {sealed / 'index'}" in capsys.readouterr().err
    assert add(sealed, sealed) == 1
    assert f"{sealed}: is in the folder of the index, {sealed}" in capsys.readouterr().err
    assert tree_of(tmp_path) == before


def test_a_record_in_an_index_is_refused(dist: Path, index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed = Path(shutil.copytree(record(dist, "3.13.0"), index / "releases/abacus/3.13.0"))
    before = tree_of(index)
    assert add(sealed, index) == 1
    assert f"{sealed}: is in the folder of the index, {index}" in capsys.readouterr().err
    # Another command leaves it alone, too.
    assert add(record(dist, "3.11.0"), index) == 0
    assert tree_of(index) == before


def test_what_is_not_its_own_stays_in_an_index(dist: Path, index: Path) -> None:
    foreign = [
        index / "generations/mine/notes.txt",
        index / "generations/77/notes.txt",
        index / "incoming/notes.txt",
        index / "releases/notes.txt",
        index / "releases/mine/1.0/notes.txt",
        index / "releases/abacus/1.0/files/notes.txt",
        index / "releases/abacus/3.11.0/fragments/notes/notes.txt",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        os.utime(path, (1, 1))
    assert add(record(dist, "3.13.0"), index) == 0
    assert main(["index", "yank", "abacus", "3.11.0", str(index), "--reason", "x"]) == 0
    assert [path.read_text() for path in foreign] == ["mine"] * len(foreign)
    assert listed_releases(index) == list(VERSIONS)


def yank(index: Path, dist: Path) -> int:  # noqa: ARG001 (that of the others)
    return main(["index", "yank", "abacus", "3.11.0", str(index), "--reason", "x"])


def add_third(index: Path, dist: Path) -> int:
    return add(record(dist, "3.13.0"), index)


def publish_third(index: Path, dist: Path) -> int:
    return main(["release", "publish", str(record(dist, "3.13.0")), "--to", f"index:{index}"])


@pytest.mark.parametrize("command", [yank, add_third, publish_third])
def test_a_lost_link_is_made_again(
    dist: Path, index: Path, command: Callable[[Path, Path], int], capsys: pytest.CaptureFixture[str]
) -> None:
    (index / "current").unlink()
    capsys.readouterr()
    assert command(index, dist) == 0
    expected = f"{index}: its link `current` was lost; it leads to generations/2, the newest, again\n"
    assert expected in capsys.readouterr().err
    assert listed_releases(index)[:2] == ["3.11.0", "3.12.0"]


def follow_all(index: Path, copy: Path) -> None:
    shutil.copytree(index, copy)


def follow_for_a_site(index: Path, copy: Path) -> None:
    """As docs/index.md has it."""
    shutil.copytree(index, copy)
    shutil.rmtree(copy / "generations")
    (copy / "lock").unlink()
    for path in copy.glob("releases/*/*/fragments"):
        shutil.rmtree(path)
    for path in (copy / "current").iterdir():
        if path.name != "sets.jsonl":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def store_links_as_files(index: Path, copy: Path) -> None:
    """As git does on Windows."""
    shutil.copytree(index, copy, symlinks=True)
    (copy / "current").unlink()
    (copy / "current").write_text("generations/2")


@pytest.mark.parametrize("make", [follow_all, follow_for_a_site, store_links_as_files])
def test_a_copy_without_links_is_not_changed(
    dist: Path, index: Path, make: Callable[[Path, Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    copy = index.with_name("copy")
    make(index, copy)
    before = tree_of(copy)
    for command in (yank, add_third, publish_third):
        assert command(copy, dist) == 1
        assert "current: is not a link, as in a copy of an index that follows its links" in capsys.readouterr().err
    assert tree_of(copy) == before


def test_an_index_without_generations_is_not_a_new_one(
    dist: Path, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(index / "generations")
    (index / "current").unlink()
    before = tree_of(index)
    assert add_third(index, dist) == 1
    assert "is an index that has lost its generations" in capsys.readouterr().err
    assert tree_of(index) == before


def test_a_page_that_is_a_file_stops_a_change_before_it(
    dist: Path, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (index / "index.html").unlink()
    (index / "index.html").write_text("mine")
    before = tree_of(index)
    assert add_third(index, dist) == 1
    assert f"{index / 'index.html'}: is not the link that a release index has there" in capsys.readouterr().err
    assert tree_of(index) == before
