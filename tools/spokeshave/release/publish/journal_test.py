from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from spokeshave.release.publish.journal import Entry, Journal, KnownDestination, journal_path, known_destinations
from spokeshave_core.release.record import ReleaseFile

FILE = ReleaseFile(name="a.whl", project="a", sha256="ab", size=1, payload_sha256=None, metadata_sha256=None)


def test_lines_are_appended_and_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "pypi.jsonl")
    assert (journal.entries(), journal.sending()) == ([], frozenset())
    journal.write("sending", FILE)
    assert journal.sending() == {"a.whl"}
    journal.begin(KnownDestination("@testpypi"))
    assert known_destinations(journal.path.parent) == [KnownDestination("@testpypi")]
    ours = KnownDestination("@ours", "https://example.org/legacy/", "https://example.org/simple/")
    for each in (replace(ours, url=None), ours):
        Journal(tmp_path / "state" / "ours.jsonl").begin(each)
    assert known_destinations(journal.path.parent) == [ours, KnownDestination("@testpypi")]
    Journal(journal.path).write("accepted", FILE, "200 OK")
    assert journal.entries() == [Entry("sending", "a.whl", "ab"), Entry("accepted", "a.whl", "ab")]
    assert journal.sending() == frozenset()
    assert json.loads(journal.path.read_text().splitlines()[-1])["detail"] == "200 OK"


def test_files_that_the_destination_may_have_were_sent(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "pypi.jsonl")
    resealed = replace(FILE, sha256="cd")
    assert journal.sent([FILE]) == frozenset()
    for event in ("sending", "temporary", "stored", "listed"):
        journal.write(event, FILE)
        assert journal.sent([FILE, resealed]) == {"a.whl"}
        assert journal.sent([resealed]) == frozenset()
    for event in ("credentials expired", "refused"):
        journal.write(event, FILE)
        assert journal.sent([FILE]) == frozenset()


def test_a_cut_line_and_other_damage_are_ignored(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "pypi.jsonl")
    deep = b"[" * 100_000
    journal.path.write_bytes(b'[]\n"text"\n\xff\n{"event": 1, "file": "b", "sha256": "c"}\n' + deep + b'\n{"ev')
    journal.write("sending", FILE)
    assert journal.entries() == [Entry("sending", "a.whl", "ab")]


def test_a_journal_that_cannot_be_written_is_noted(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    journal = Journal(tmp_path / "state" / "pypi.jsonl")
    journal.write("sending", FILE)
    assert journal.error is not None
    assert journal.entries() == []


def test_each_destination_has_its_own_journal() -> None:
    first = journal_path(Path("state"), "https://wheels.example.org/legacy/")
    assert first.name.startswith("wheels.example.org-legacy-")
    assert first != journal_path(Path("state"), "http://wheels.example.org/legacy/")
    assert journal_path(Path("state"), "@pypi").name.startswith("pypi-")
    assert len(journal_path(Path("state"), "folder:" + "x" * 500).name) < 80
