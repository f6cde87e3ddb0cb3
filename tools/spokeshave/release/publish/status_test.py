"""What `release status` says of an index: by its listing, and never by the journal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.publish.journal import Journal, KnownDestination
from spokeshave.release.record import read_record
from spokeshave.testing.pypi_like_fixtures import PypiLike, pypi_like_of_user
from spokeshave.testing.pypi_rules_fixtures import Fault, FaultKind, Place
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave_core.outcomes import Presence, PublishEnd
from spokeshave_core.release.publish import StatusReport

FAST = ("--pause", "0.01", "--wait", "0.2")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return write_release(tmp_path / "sealed")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PypiLike]:
    with pypi_like_of_user(tmp_path, monkeypatch) as running:
        yield running


def publish(server: PypiLike, record: Path) -> int:
    return main(["release", "publish", str(record), "--to", server.upload_url, *FAST])


def status(
    capfd: pytest.CaptureFixture[str], record: Path, *options: str
) -> tuple[int, tuple[PublishEnd, list[Presence]]]:
    capfd.readouterr()
    code = main(["release", "status", str(record), "--format", "json", *options])
    (found,) = StatusReport.from_json(capfd.readouterr().out).destinations
    return code, (found.end, [file.presence for file in found.files])


def test_each_file_is_there_missing_or_different(
    server: PypiLike, record: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    to = ("--to", server.upload_url)
    nothing = [Presence.MISSING] * 5
    assert status(capfd, record, *to) == (3, (PublishEnd.PARTIAL, nothing))
    server.change(faults=[Fault(FaultKind.FULL, name="abacus_compiler*", skip=1)])
    assert publish(server, record) == 3
    some = [Presence.THERE] * 4 + [Presence.MISSING]
    assert status(capfd, record) == (3, (PublishEnd.PARTIAL, some))
    other = write_release(tmp_path / "other", texts={"abacus-compiler": "OTHER = 1\n"})
    different = [Presence.THERE] * 3 + [Presence.OTHER_BYTES, Presence.MISSING]
    assert status(capfd, other, *to) == (1, (PublishEnd.REFUSED, different))
    assert publish(server, record) == 0
    assert status(capfd, record) == (0, (PublishEnd.DONE, [Presence.THERE] * 5))


def test_the_journal_does_not_count(server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert publish(server, record) == 0
    server.change(deleted=tuple(server.sha256s()))
    assert status(capfd, record) == (3, (PublishEnd.PARTIAL, [Presence.MISSING] * 5))
    shutil.rmtree(record / "state")
    assert main(["release", "status", str(record)]) == 1
    assert "was not published from here yet" in capfd.readouterr().err


def test_files_that_installers_do_not_see_are_shown(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.change(faults=[Fault(FaultKind.STALE, place=Place.HTML, name="abacus-compiler", times=None)])
    assert publish(server, record) == 4
    capfd.readouterr()
    assert main(["release", "status", str(record)]) == 4
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].endswith("complete, but not visible to installers yet (5 of 5 files)")
    assert lines[1].split() == ["project", "file", "size", "state"]
    assert [line.rpartition("B  ")[2].strip() for line in lines[2:]] == ["there"] * 3 + ["there, not visible"] * 2


def test_a_yanked_release_is_shown_with_its_reason(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert publish(server, record) == 0
    version = read_record(record).version
    server.change(yanked={f"abacus-runtime {version}": "wrong sums", f"abacus-compiler {version}": ""})
    capfd.readouterr()
    assert main(["release", "status", str(record)]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].endswith("complete (5 of 5 files), yanked")
    states = [line.rpartition("B  ")[2].strip() for line in lines[2:]]
    assert states == ["there, yanked: wrong sums"] * 3 + ["there, yanked"] * 2


def test_an_index_that_does_not_answer_is_unknown(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.change(faults=[Fault(FaultKind.STATUS, place=Place.JSON, times=None)])
    assert main(["release", "status", str(record), "--to", server.upload_url]) == 1
    captured = capfd.readouterr()
    assert "unknown" in captured.out
    assert "500" in captured.err


def test_urls_that_were_given_for_a_name_are_remembered(
    server: PypiLike, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    urls = ("--repository-url", server.upload_url, "--check-url", server.simple_url)
    assert main(["release", "publish", str(record), "--to", "@ours", *urls, *FAST]) == 0
    assert status(capfd, record) == (0, (PublishEnd.DONE, [Presence.THERE] * 5))


def test_a_destination_that_cannot_be_opened_is_one_of_several(
    server: PypiLike, record: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert publish(server, record) == 0
    Journal(record / "state" / "gone.jsonl").begin(KnownDestination("@gone"))
    (tmp_path / "wheels").mkdir()
    Journal(record / "state" / "wheels.jsonl").begin(KnownDestination(f"folder:{tmp_path / 'wheels'}"))
    capfd.readouterr()
    assert main(["release", "status", str(record), "--format", "json"]) == 1
    found = {each.destination: each for each in StatusReport.from_json(capfd.readouterr().out).destinations}
    assert found.pop(server.upload_url).end is PublishEnd.DONE
    assert [each.end for each in found.values()] == [PublishEnd.REFUSED] * 2
    assert main(["release", "status", str(record)]) == 1
    captured = capfd.readouterr()
    assert captured.out.count("unknown") == 2
    assert "the repository 'gone': is not known" in captured.err
    assert main(["release", "status", str(record), "--to", "@gone"]) == 1
