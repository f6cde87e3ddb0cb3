"""Tests of `index add --url`: the address of the index in the commands of its pages for people."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.index.writer.change import IndexWriter
from spokeshave.testing.killing_fixtures import kills
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.system_call_fixtures import needs_system_calls

OLD = "https://old.example/"
NEW = "https://packages.example/nightly/"
INTERRUPTED = 130
VERSIONS = ("3.12.0", "3.12.1")


@pytest.fixture
def records(tmp_path: Path) -> list[Path]:
    return [write_release(tmp_path / "records", version) for version in VERSIONS]


def add(folder: Path, *records: Path, url: str | None = None) -> int:
    option = [] if url is None else ["--url", url]
    return main(["index", "add", *map(str, records), str(folder), "--added", "2026-11-30", *option])


def addresses(folder: Path) -> set[str]:
    """Return what the commands of all pages have as the address."""
    pages = [folder / "index.html", *folder.glob("releases/*/*/index.html")]
    texts = [page.read_text() for page in pages]
    known = {OLD: OLD, NEW: NEW, "INDEX/": ">INDEX/simple/<"}
    found = [{name for name, mark in known.items() if mark in text} for text in texts]
    assert all(len(names) == 1 for names in found), "a page has no address, or several"
    return set.union(*found)


def test_all_pages_have_the_address_and_keep_it(tmp_path: Path, records: list[Path]) -> None:
    folder = tmp_path / "index"
    assert add(folder, records[0], url=NEW.rstrip("/")) == 0
    assert add(folder, records[1]) == 0
    assert main(["index", "yank", "abacus", VERSIONS[0], str(folder), "--reason", "x"]) == 0
    assert addresses(folder) == {NEW}


def test_an_address_is_changed_and_forgotten_on_all_pages(tmp_path: Path, records: list[Path]) -> None:
    folder = tmp_path / "index"
    assert add(folder, *records, url=OLD) == 0
    project_page = (folder / "simple/abacus-runtime/index.html").stat()
    assert add(folder, records[0], url=NEW) == 0
    assert addresses(folder) == {NEW}
    # No other page has it.
    assert (folder / "simple/abacus-runtime/index.html").stat().st_ino == project_page.st_ino
    assert add(folder, records[0], url="") == 0
    assert addresses(folder) == {"INDEX/"}


def test_a_killed_change_of_the_address_is_done_again(
    tmp_path: Path, records: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    assert add(folder, *records, url=OLD) == 0
    with monkeypatch.context() as patch:
        patch.setattr(IndexWriter, "_become", _interrupted)
        assert add(folder, records[0], url=NEW) == INTERRUPTED
    # The generation that lists the old one still stands, with all of its pages.
    assert addresses(folder) == {OLD}
    # Also after a command that does not know of the change.
    assert add(folder, records[0]) == 0
    assert addresses(folder) == {OLD}
    assert add(folder, records[0], url=NEW) == 0
    assert addresses(folder) == {NEW}


@needs_system_calls
def test_a_kill_mixes_addresses_until_the_next_command(tmp_path: Path, records: list[Path]) -> None:
    """The next command knows of neither address."""
    folder = tmp_path / "index"
    assert add(folder, *records, url=OLD) == 0
    seen = set()
    copy = tmp_path / "copy"

    def prepared() -> Callable[[], int]:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy, symlinks=True)
        return lambda: add(copy, records[0], url=NEW)

    for _ in kills(prepared, copy):
        assert main(["index", "keep", "abacus", VERSIONS[0], str(copy), "--undo"]) == 0
        (address,) = addresses(copy)
        assert address in (copy / "index.html").read_text()
        assert main(["index", "verify", str(copy)]) == 0
        seen.add(address)
    assert seen == {OLD, NEW}


def test_a_page_links_to_its_source_while_that_is_listed(tmp_path: Path) -> None:
    sealed = write_release(tmp_path / "records", "3.12.0rc20261120", has_sdist=False)
    promoted = tmp_path / "promoted"
    target = ["--version", "3.12.0", "--output", str(promoted)]
    assert main(["release", "promote", str(sealed), "--untested", *target]) == 0
    folder = tmp_path / "index"
    link = "releases/abacus/3.12.0rc20261120/index.html"
    page = folder / "releases/abacus/3.12.0/index.html"
    assert add(folder, promoted) == 0
    assert link not in page.read_text()
    assert add(folder, sealed) == 0
    assert link in page.read_text()
    assert main(["index", "verify", str(folder)]) == 0
    assert main(["index", "remove", "abacus", "3.12.0rc20261120", str(folder), "--anyway"]) == 0
    assert link not in page.read_text()
    assert main(["index", "verify", str(folder)]) == 0


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    "url",
    [
        "packages.example/nightly",
        "ftp://packages.example/",
        "https:///nightly/",
        "https://packages.example/?a=b",
        "https://packages.example/a b/",
        "https://packages.example/$(id)/",
        "https://someone:hunter2@packages.example/",
        "https://[packages.example/",
    ],
)
def test_an_address_that_no_command_can_have_is_refused(
    tmp_path: Path, records: list[Path], capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert add(tmp_path / "index", records[0], url=url) == 1
    output = capsys.readouterr()
    assert "--url: " in output.err
    assert "hunter2" not in output.err + output.out
    assert not (tmp_path / "index").exists()
