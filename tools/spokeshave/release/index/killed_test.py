"""A command on an index, killed at each of its changes of files: readers, and the same command again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.index.folder import read_sets
from spokeshave.testing.killing_fixtures import Trial, assert_one_error, faults, kills, tree_of
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.static_index_fixtures import listed_releases
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.testing.tracing_fixtures import Action, Watch

pytestmark = needs_system_calls

PLATFORM = "manylinux_2_17_x86_64"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("sealed")
    old, new = (
        write_release(folder, version, platforms=[PLATFORM], has_sdist=False) for version in ("3.11.0", "3.12.0")
    )
    return old, new


def add(record: Path, index: Path) -> int:
    day = record.name.split(".")[1]
    return main(["index", "add", str(record), str(index), "--added", f"2026-11-{day}"])


def purge_first(index: Path) -> int:
    return main(["index", "remove", "abacus", "3.11.0", str(index), "--purge"])


def remove_first(index: Path) -> int:
    status = purge_first(index)
    return 0 if "3.11.0" not in listed_releases(index) else status


def yank_first(index: Path) -> int:
    return main(["index", "yank", "abacus", "3.11.0", str(index), "--reason", "it is wrong"])


def assert_same_after_a_kill(before: Path, action: Callable[[Path], int], expected: list[list[str]]) -> None:
    """Kill an action on copies of an index at each step, and compare what it leaves and what a second run makes of it.

    Args:
        before: The index, which may not exist.
        expected: The versions that may be listed after a kill: those before the action, and those after it.
    """
    done = before.with_name("done")
    work = before.with_name("work")

    def prepare(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if before.exists():
            # No file is changed in its place, so that links are copies.
            shutil.copytree(before, folder, symlinks=True, copy_function=os.link)

    def prepared() -> Callable[[], int]:
        prepare(work)
        return lambda: action(work)

    prepare(done)
    assert action(done) == 0
    wanted = tree_of(done)
    seen = []
    for _ in kills(prepared, work):
        assert_generations_are_whole(work)
        versions = listed_releases(work) if (work / "current").is_symlink() else []
        assert versions in expected
        seen.append(versions)
        assert action(work) == 0
        assert tree_of(work) == wanted
    assert expected[0] in seen
    prepare(work)
    old = tree_of(work)
    for run in faults(prepared, work):
        assert_generations_are_whole(work)
        if run.exit_code:
            assert_one_error(run)
            assert (listed_releases(work) if old else []) in expected
        assert action(work) == 0
        assert tree_of(work) == wanted


def assert_generations_are_whole(index: Path) -> None:
    """Any generation with a number may become the newest one, if the link is lost."""
    for generation in (index / "generations").glob("[0-9]*"):
        names = {path.name for path in generation.iterdir()}
        lists = {"sets.jsonl", "sets.jsonl.sha256"}
        assert names == lists | {"find-links.html", "format", "index.html", "simple", "v1+json"}
        for listed in read_sets(generation / "sets.jsonl"):
            for project in listed.projects:
                assert (generation / "simple" / project / "index.html").is_file()
                assert (generation / "v1+json" / project / "index.json").is_file()


def test_the_first_release_comes_in_whole_or_not(tmp_path: Path, records: tuple[Path, Path]) -> None:
    assert_same_after_a_kill(tmp_path / "index", lambda index: add(records[0], index), [[], ["3.11.0"]])


def test_a_second_release_comes_in_whole_or_not(tmp_path: Path, records: tuple[Path, Path]) -> None:
    add(records[0], tmp_path / "index")
    expected = [["3.11.0"], ["3.11.0", "3.12.0"]]
    assert_same_after_a_kill(tmp_path / "index", lambda index: add(records[1], index), expected)


def test_a_release_is_yanked_in_all_pages_or_none(tmp_path: Path, records: tuple[Path, Path]) -> None:
    add(records[0], tmp_path / "index")
    assert_same_after_a_kill(tmp_path / "index", yank_first, [["3.11.0"]])


def test_a_release_is_removed_whole_or_not(tmp_path: Path, records: tuple[Path, Path]) -> None:
    for record in records:
        add(record, tmp_path / "index")
    assert_same_after_a_kill(tmp_path / "index", remove_first, [["3.11.0", "3.12.0"], ["3.12.0"]])


def test_a_generation_that_cannot_be_removed_is_an_error(tmp_path: Path, records: tuple[Path, Path]) -> None:
    """The same command removes it then."""
    for record in records:
        add(record, tmp_path / "index")
    work = tmp_path / "work"

    def prepared() -> Callable[[], int]:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(tmp_path / "index", work, symlinks=True)
        return lambda: purge_first(work)

    for run in Trial(prepared, Watch((work / "generations/staged",)), (Action.BROKEN,), most=5).runs():
        assert_one_error(run)
        assert f"{work}/" in run.output
        assert purge_first(work) == 0
        assert not (work / "generations/staged").exists()
