"""`index yank`, `index keep`, `index remove` and `index list`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.testing.killing_fixtures import tree_of
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.static_index_fixtures import html_links, json_files, listed_releases

REASON = 'wrong "results"\n on <Windows>'
SHOWN = 'wrong "results" on <Windows>'


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of two releases."""
    folder = tmp_path / "index"
    records = [str(write_release(tmp_path, version)) for version in ("3.11.0", "3.12.0")]
    assert main(["index", "add", *records, str(folder), "--added", "2026-11-30T01:02:03Z"]) == 0
    return folder


def run(command: str, index: Path, *options: str, name: str = "abacus", version: str = "3.11.0") -> int:
    return main(["index", command, name, version, str(index), *options])


def yanked(index: Path, project: str) -> dict[str, object]:
    """Return what both forms of a page say of each file, which must agree."""
    links = {link["text"]: link for link in html_links(index / "simple" / project / "index.html")}
    found = {}
    for file in json_files(index / "v1+json" / project / "index.json"):
        link = links[file["filename"]]
        assert ("data-yanked" in link) == (file["yanked"] is not False)
        assert link.get("data-yanked", "") == ("" if isinstance(file["yanked"], bool) else file["yanked"])
        found[file["filename"]] = file["yanked"]
    return found


def test_all_files_of_a_release_are_yanked(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree_of(index / "current")
    capsys.readouterr()
    assert run("yank", index, "--reason", REASON) == 0
    assert capsys.readouterr().out == f"abacus 3.11.0 is yanked: {SHOWN}\n"
    for project in ("abacus-runtime", "abacus-compiler"):
        states = yanked(index, project)
        assert {name: state for name, state in states.items() if "3.11.0" in name} == dict.fromkeys(
            (name for name in states if "3.11.0" in name), SHOWN
        )
        assert {state for name, state in states.items() if "3.12.0" in name} == {False}
    flat = html_links(index / "find-links.html")
    assert {link["text"] for link in flat if link.get("data-yanked") == SHOWN} == {
        link["text"] for link in flat if "-3.11.0" in link["text"]
    }
    assert "&lt;Windows&gt;" in (index / "releases/abacus/3.11.0/index.html").read_text()
    assert listed_releases(index) == ["3.11.0", "3.12.0"]
    assert run("yank", index, "--reason", REASON) == 0
    assert capsys.readouterr().out == f"abacus 3.11.0 was already yanked: {SHOWN}\n"
    assert run("yank", index, "--undo") == 0
    assert capsys.readouterr().out == "abacus 3.11.0 is not yanked\n"
    assert tree_of(index / "current") == before


def test_a_release_can_be_yanked_without_a_reason(index: Path) -> None:
    assert run("yank", index, "--reason", "") == 0
    assert {state for name, state in yanked(index, "abacus-runtime").items() if "3.11.0" in name} == {True}


def test_a_yanked_release_stays_yanked_when_it_is_added_again(index: Path, tmp_path: Path) -> None:
    run("yank", index, "--reason", REASON)
    before = tree_of(index)
    assert main(["index", "add", str(tmp_path / "abacus/3.11.0"), str(index)]) == 0
    assert tree_of(index) == before


def test_a_kept_release_changes_no_page_of_a_project(index: Path, tmp_path: Path) -> None:
    page = index / "simple/abacus-runtime/index.html"
    before = (page.stat().st_ino, page.stat().st_mtime_ns)
    report = tmp_path / "report.json"
    assert run("keep", index, "--reason", "for a talk", "--report", str(report)) == 0
    (change,) = json.loads(report.read_text())["changes"]
    assert (change["is_changed"], change["listed"]["kept"]) == (True, "for a talk")
    assert [listed.kept for listed in ReleaseIndex(index).sets()] == ["for a talk", None]
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == before
    assert run("keep", index, "--undo") == 0
    assert [listed.kept for listed in ReleaseIndex(index).sets()] == [None, None]


def test_a_release_that_is_not_listed_is_an_error(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree_of(index)
    assert run("yank", index, "--undo", version="9") == 1
    assert f"{index}: has no version 9 of abacus" in capsys.readouterr().err
    assert run("keep", index, "--undo", name="abakus") == 1
    assert f"{index}: has no release abakus: it has abacus" in capsys.readouterr().err
    assert run("yank", index, "--undo", name="Abacus", version="3.11.0.0") == 0
    assert tree_of(index) == before


@pytest.mark.parametrize("command", ["yank", "keep"])
def test_a_name_with_its_version_is_explained(index: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["index", command, "abacus==3.11.0", str(index), "--undo"])
    assert raised.value.code == 2
    assert "write the name and the version of 'abacus==3.11.0' as two words: abacus 3.11.0" in capsys.readouterr().err


def test_a_reason_has_to_be_text(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("yank", index, "--reason", "\udcff") == 1
    assert "--reason: is not text in UTF-8" in capsys.readouterr().err
    before = tree_of(index)
    for character in ("\x1b", "\x01", "\x7f", "\u202e"):
        for command in ("yank", "keep"):
            assert run(command, index, "--reason", f"wrong {character}[31m") == 1
            error = capsys.readouterr().err
            assert f"--reason: has the control character {character!a}" in error
            assert character not in error
    assert tree_of(index) == before


@pytest.mark.parametrize(
    "command", [("list",), ("yank", "abacus", "1.0"), ("keep", "abacus", "1.0"), ("remove", "abacus", "1.0")]
)
def test_a_folder_that_is_not_an_index_is_refused(
    tmp_path: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--undo"] if command[0] in ("yank", "keep") else []
    assert main(["index", *command, str(tmp_path), *options]) == 1
    assert f"{tmp_path}: is not a release index" in capsys.readouterr().err
    assert main(["index", *command, str(tmp_path / "absent"), *options]) == 1
    assert f"{tmp_path / 'absent'}: does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_one_release_is_removed(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree_of(index)
    capsys.readouterr()
    assert run("remove", index, "--dry-run") == 0
    assert capsys.readouterr().out == f"abacus 3.11.0 (5 files, 4.9 kB) would be removed from {index}\n"
    assert run("remove", index, version="9") == 1
    assert "has no version 9 of abacus" in capsys.readouterr().err
    assert tree_of(index) == before
    report = tmp_path / "report.json"
    assert run("remove", index, "--report", str(report)) == 0
    assert capsys.readouterr().out.startswith(
        f"abacus 3.11.0 (5 files, 4.9 kB) is removed from {index}\nThe files are "
    )
    (change,) = json.loads(report.read_text())["changes"]
    assert (change["is_changed"], change["listed"]["version"]) == (True, "3.11.0")
    assert listed_releases(index) == ["3.12.0"]
    assert len(list((index / "files").iterdir())) == 10
    assert run("remove", index, "--purge", version="3.12") == 0
    assert listed_releases(index) == []
    assert not list((index / "files").iterdir())


def test_the_files_of_a_removed_release_are_deleted_later(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("remove", index) == 0
    capsys.readouterr()
    assert run("remove", index) == 0
    assert "was removed" in capsys.readouterr().out
    assert run("remove", index, "--purge") == 0
    assert len(list((index / "files").iterdir())) == 5
    assert run("remove", index, "--purge") == 1
    assert run("remove", index, version="../abacus/3.12.0") == 1


@pytest.mark.parametrize("kept", [0, 1])
def test_a_list_that_lost_releases_is_not_used(index: Path, capsys: pytest.CaptureFixture[str], kept: int) -> None:
    path = index / "current/sets.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:kept]))
    before = tree_of(index)
    for command in (["rebuild", str(index)], ["remove", "abacus", "3.11.0", str(index)]):
        assert main(["index", *command]) == 1
        assert "sets.jsonl: is not as it was written" in capsys.readouterr().err
    assert main(["index", "verify", str(index)]) == 1
    out = capsys.readouterr().out
    assert "is not as it was written" in out
    assert "rebuild" not in out
    assert tree_of(index) == before


def test_a_lost_record_comes_back_with_its_release(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(index / "releases/abacus/3.11.0")
    assert main(["index", "verify", str(index)]) == 1
    assert "Remove it" not in capsys.readouterr().out
    assert main(["index", "add", str(write_release(tmp_path / "again", version="3.11.0")), str(index)]) == 0
    assert main(["index", "verify", str(index)]) == 0


def test_a_release_that_is_needed_is_not_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sealed = write_release(tmp_path, "3.12.0rc20261120", has_sdist=False)
    target = ["--version", "3.12.0", "--output", str(tmp_path / "promoted")]
    assert main(["release", "promote", str(sealed), "--untested", *target]) == 0
    folder = tmp_path / "index"
    assert main(["index", "add", str(sealed), str(tmp_path / "promoted"), str(folder), "--keep", "for a talk"]) == 0
    before = tree_of(folder)
    capsys.readouterr()
    assert run("remove", folder, version="3.12.0rc20261120") == 1
    error = capsys.readouterr().err
    assert "abacus 3.12.0rc20261120: is kept: for a talk\n" in error
    assert "abacus 3.12.0rc20261120: is what abacus 3.12.0 was promoted from\n" in error
    assert tree_of(folder) == before
    assert run("remove", folder, "--anyway", version="3.12.0rc20261120") == 0
    assert listed_releases(folder) == ["3.12.0"]


def test_releases_are_listed_with_their_states(index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("yank", index, "--reason", "wrong")
    run("keep", index, "--reason", "", version="3.12.0")
    capsys.readouterr()
    report = tmp_path / "report.json"
    assert main(["index", "list", str(index), "--report", str(report)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "name    version  channel  added             files    size  state",
        "abacus  3.11.0   stable   2026-11-30 01:02      5  4.9 kB  yanked: wrong",
        "abacus  3.12.0   stable   2026-11-30 01:02      5  4.9 kB  kept",
    ]
    assert main(["index", "list", str(index), "--format", "json"]) == 0
    assert capsys.readouterr().out == report.read_text()
    assert [one["version"] for one in json.loads(report.read_text())["sets"]] == ["3.11.0", "3.12.0"]
