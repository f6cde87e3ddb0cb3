from __future__ import annotations

import datetime
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.errors import ExitCode
from spokeshave.files import sha256_of_file
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.destination.destination import Destination, DestinationError, UnreadableError
from spokeshave.release.record import FILES
from spokeshave.release.trial.source import Source, SourceError
from spokeshave.testing.killing_fixtures import kills, tree_of
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.static_index_fixtures import listed_releases
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.upload.attempt import AttemptStatus
from spokeshave_core.outcomes import Presence


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write_release(tmp_path / "sealed")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def open_index(index: Path) -> Destination:
    with open_destination(f"index:{index}", DestinationOptions(), {}) as destination:
        return destination


def publish(record: Path, to: Path, *options: str) -> int:
    return main(["release", "publish", str(record), "--to", f"index:{to}", *options])


def test_files_appear_together_when_they_are_committed(index: Path, record: Path) -> None:
    destination = open_index(index)
    assert destination.is_atomic
    assert not index.exists()
    files = sorted((record / FILES).iterdir())
    assert [destination.send(file).status for file in files] == [AttemptStatus.STORED] * len(files)
    assert not destination.listing("abacus-runtime").exists
    assert destination.hidden("abacus-runtime", [files[-1].name]) == {files[-1].name}
    destination.commit(record)
    assert not list((index / "incoming").iterdir())
    listing = destination.listing("Abacus_Runtime")
    assert (listing.exists, listing.versions, listing.status) == (True, ("3.12.0",), "active")
    wheel = next(file for file in files if file.name.startswith("abacus_runtime") and "win" in file.name)
    listed = listing.files[wheel.name]
    assert (listed.sha256, listed.size) == sha256_of_file(wheel)
    assert Path(listed.url.replace("file://", "")).read_bytes() == wheel.read_bytes()
    assert listed.uploaded is not None
    assert abs(datetime.datetime.now(datetime.timezone.utc) - listed.uploaded) < datetime.timedelta(minutes=10)
    assert listed.yanked is None
    assert destination.state_of(wheel, listing) is Presence.THERE
    assert destination.state_of(wheel.with_name("absent-1.0-py3-none-any.whl"), listing) is Presence.MISSING
    assert destination.hidden("abacus-runtime", [wheel.name, "absent.whl"]) == {"absent.whl"}
    assert main(["index", "yank", "abacus", "3.12.0", str(index), "--reason", ""]) == 0
    assert destination.listing("abacus-runtime").files[wheel.name].yanked == ""


def test_a_release_is_published_and_shown_by_its_status(
    index: Path, record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", "check", str(record), "--to", f"index:{index}"]) == 0
    assert not index.exists()
    assert publish(record, index) == 0
    before = tree_of(index)
    assert publish(record, index) == 0
    assert tree_of(index) == before
    capsys.readouterr()
    assert main(["release", "status", str(record), "--to", f"index:{index}"]) == 0
    assert f"abacus 3.12.0 on index:{index}: complete (5 of 5 files)" in capsys.readouterr().out


def test_a_folder_and_an_index_have_the_same_bytes(index: Path, record: Path, tmp_path: Path) -> None:
    assert publish(record, index) == 0
    assert main(["release", "publish", str(record), "--to", f"folder:{tmp_path / 'folder'}"]) == 0
    hashes = {file.name: sha256_of_file(file)[0] for file in (tmp_path / "folder").glob("abacus_*")}
    assert {path.name: path.parent.name for path in (index / "files").glob("*/*") if path.name in hashes} == hashes


def test_another_release_of_the_version_is_refused(
    index: Path, record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(record, index) == 0
    before = tree_of(index)
    other = write_release(
        tmp_path / "other", texts={"abacus-compiler": "OTHER = 1\n", "abacus-runtime": "OTHER = 1\n"}, has_sdist=False
    )
    assert publish(other, index) == 1
    assert "with other bytes" in capsys.readouterr().err
    assert tree_of(index) == before


@pytest.mark.parametrize("text", [None, "junk"])
def test_a_damaged_page_ends_it_with_the_remedy(
    index: Path, record: Path, text: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a wait for pages that nothing else writes."""
    assert publish(record, index) == 0
    page = index / "current/simple/abacus-runtime/index.html"
    page.unlink()
    if text:
        page.write_text(text)
    assert publish(record, index) != 0
    assert "Run `spokeshave index rebuild`" in capsys.readouterr().err
    assert main(["index", "rebuild", str(index)]) == 0
    assert publish(record, index) == 0


@pytest.mark.parametrize(("name", "requires_python"), [("abacus", ">=3.9"), ("other", "")], ids=["version", "name"])
def test_another_record_of_the_same_files_is_refused(
    index: Path, record: Path, tmp_path: Path, name: str, requires_python: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is sent, also by a check and by a plan."""
    assert publish(record, index) == 0
    sealed_again = write_release(tmp_path / "again", name=name, requires_python=requires_python)
    before = tree_of(index)
    target = ["--to", f"index:{index}"]
    report = tmp_path / "report.json"
    for command in (
        ["release", "check", str(sealed_again), *target],
        ["release", "publish", str(sealed_again), *target, "--dry-run"],
        ["release", "publish", str(sealed_again), *target, "--report", str(report)],
    ):
        capsys.readouterr()
        assert main(command) == 1
        output = capsys.readouterr()
        assert "but the index has another record, abacus 3.12.0" in output.err
        assert "Continue with" not in output.err + output.out
    assert {file["outcome"] for file in json.loads(report.read_text())["files"]} == {"not sent"}
    assert tree_of(index) == before


def test_a_record_in_the_index_is_refused_before_it_is_sent(
    index: Path, record: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(record, index / ".records/3.12.0"))
    before = tree_of(index)
    assert publish(copy, index) == 1
    assert f"{copy}: is in the folder of the index" in capsys.readouterr().err
    assert {name for name in tree_of(index) if "/state/" not in name} == before.keys()


def damage(index: Path, kind: str) -> None:
    wheel = next((index / "files").glob("*/abacus_compiler*.whl"))
    if kind == "deleted":
        wheel.unlink()
    elif kind == "cut off":
        wheel.write_bytes(wheel.read_bytes()[:100])
    else:
        (index / kind).unlink()


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("deleted", ExitCode.PARTIAL),
        ("cut off", ExitCode.PARTIAL),
        ("simple", ExitCode.NOT_VISIBLE),
        ("v1+json", ExitCode.NOT_VISIBLE),
        ("find-links.html", ExitCode.OK),
        ("current", ExitCode.PARTIAL),
    ],
)
def test_what_is_not_in_order_is_shown_and_repaired(index: Path, record: Path, kind: str, status: ExitCode) -> None:
    """Such as links that a killed publisher has not made."""
    assert publish(record, index) == 0
    before = tree_of(index)
    damage(index, kind)
    assert main(["release", "status", str(record), "--to", f"index:{index}"]) == status
    assert publish(record, index) == 0
    assert {name: data for name, data in tree_of(index).items() if not name.startswith("incoming")} == before


def test_a_part_is_published_and_completed(index: Path, record: Path) -> None:
    assert publish(record, index, "--only", "win_*", "--partial") == 0
    assert listed_releases(index) == ["3.12.0"]
    assert len(list((index / "files").iterdir())) == 2
    assert publish(record, index) == 0
    assert listed_releases(index) == ["3.12.0"]
    assert len(list((index / "files").iterdir())) == 5


@needs_system_calls
def test_a_killed_publisher_is_continued(index: Path, record: Path, tmp_path: Path) -> None:
    """Another machine continues with a copy of the record without its journal."""
    old = write_release(tmp_path / "old", "3.11.0", has_sdist=False)
    assert publish(old, tmp_path / "original") == 0
    copy = tmp_path / "copy"

    def prepared() -> Callable[[], int]:
        for folder in (index, copy, record / "state"):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "original", index, symlinks=True)
        return lambda: publish(record, index)

    seen = set()
    for _ in kills(prepared, index, record / "state"):
        seen.add(tuple(listed_releases(index)))
        shutil.copytree(record, copy, ignore=shutil.ignore_patterns("state"))
        assert publish(copy, index) == 0
        assert listed_releases(index) == ["3.11.0", "3.12.0"]
        assert not list((index / "incoming").glob("[!.]*"))
    assert seen == {("3.11.0",), ("3.11.0", "3.12.0")}


@pytest.mark.parametrize("content", ["no JSON", "{}", '{"versions": [], "files": [{"filename": "a"}]}'])
def test_a_damaged_page_is_an_error(index: Path, record: Path, content: str) -> None:
    publish(record, index)
    (index / "v1+json/abacus-runtime/index.json").write_text(content)
    with pytest.raises(UnreadableError, match=r"index\.json: cannot be read"):
        open_index(index).listing("abacus-runtime")


def test_what_is_not_an_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder" / "wheels").mkdir(parents=True)
    with pytest.raises(DestinationError, match="is a folder that is not a release index: it has wheels"):
        open_index(tmp_path / "folder")


def test_pip_gets_the_pages_of_the_index(index: Path, record: Path) -> None:
    with pytest.raises(SourceError, match="is not a release index"):
        Source.of(f"index:{index}", None)
    publish(record, index)
    assert Source.of(f"index:{index}", None).pip_options == ("--index-url", (index / "simple").as_uri())


def test_what_no_publisher_continues_is_removed(index: Path, record: Path, tmp_path: Path) -> None:
    destination = open_index(index)
    files = sorted((record / FILES).iterdir())
    for file in files[:2]:
        destination.send(file)
    old, recent = (index / "incoming" / sha256_of_file(file)[0] for file in files[:2])
    os.utime(old, (1, 1))
    assert publish(write_release(tmp_path / "other", "3.11.0"), index) == 0
    assert (old.exists(), recent.exists()) == (False, True)
