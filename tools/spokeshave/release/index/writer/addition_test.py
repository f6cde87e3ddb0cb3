"""Parts of releases, attestations, and the memory that an addition takes."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.files import sha256_of_file
from spokeshave.release.index.folder import ReleaseIndex
from spokeshave.release.index.writer.addition import add_records
from spokeshave.release.index.writer.change import change_index
from spokeshave.release.record import ATTESTATIONS, FILES
from spokeshave.testing.killing_fixtures import kills
from spokeshave.testing.large_index_fixtures import write_large_index
from spokeshave.testing.sealed_fixtures import write_release
from spokeshave.testing.static_index_fixtures import html_links, json_files, listed_releases
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.testing.tracing_fixtures import Disturbance, Watch, run_traced
from spokeshave_core.problems import SpokeshaveError
from spokeshave_core.release.index import IndexedSet

ADDED = "2026-11-30T01:02:03.000000Z"
LATER = "2026-12-01T00:00:00.000000Z"


def the_set(index: Path) -> IndexedSet:
    (listed,) = ReleaseIndex(index).sets()
    return listed


def test_a_part_of_a_release_is_completed_by_others(tmp_path: Path) -> None:
    record = write_release(tmp_path)
    index = tmp_path / "index"
    (change,) = add_records(index, [record], ADDED, only=["win_*"])
    assert (change.listed.only, change.listed.files, change.listed.is_complete) == (("win_*",), 2, False)
    assert len(list((index / FILES).iterdir())) == 2
    assert listed_releases(index) == ["3.12.0"]
    # What is listed already is not listed twice.
    (change,) = add_records(index, [record], LATER, only=["win_amd64"])
    assert (change.listed.files, change.listed.added) == (2, ADDED)
    (change,) = add_records(index, [record], LATER, only=["manylinux*"])
    assert (change.listed.files, change.listed.is_complete, change.is_changed) == (4, False, True)
    (change,) = add_records(index, [record], LATER, only=["sdists"])
    assert (change.listed.only, change.listed.files, change.listed.added) == ((), 5, ADDED)
    assert listed_releases(index) == ["3.12.0"]
    # A part of what is complete changes nothing.
    (change,) = add_records(index, [record], LATER, only=["win_*"])
    assert not change.is_changed


def test_projects_without_a_file_in_the_part_have_no_page(tmp_path: Path) -> None:
    index = tmp_path / "index"
    (change,) = add_records(index, [write_release(tmp_path)], ADDED, only=["sdists"])
    assert change.listed.projects == ("abacus-runtime",)
    assert listed_releases(index) == ["3.12.0"]
    assert not (index / "simple/abacus-compiler").exists()


def test_a_part_without_files_is_refused(tmp_path: Path) -> None:
    record = write_release(tmp_path, has_sdist=False)
    with pytest.raises(SpokeshaveError, match=r"'macosx_\*' matches no file") as raised:
        add_records(tmp_path / "index", [record], ADDED, only=["macosx_*", "sdists"])
    assert len(raised.value.problems) == 2
    assert not (tmp_path / "index").exists()


def attest(record: Path, file: Path, sha256: str = "") -> None:
    """Write an attestation for a file, without a signature."""
    subject = {"name": file.name, "digest": {"sha256": sha256 or sha256_of_file(file)[0]}}
    statement = {"subject": [subject], "predicateType": "https://docs.example.org/attestations/publish/v1"}
    encoded = base64.b64encode(json.dumps(statement).encode()).decode()
    path = record / ATTESTATIONS / f"{file.name}.publish.attestation"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"version": 1, "envelope": {"statement": encoded, "signature": ""}}))


def test_attestations_that_come_later_are_listed(tmp_path: Path) -> None:
    record = write_release(tmp_path)
    index = tmp_path / "index"
    add_records(index, [record], ADDED)
    assert the_set(index).attested == 0
    for file in (record / FILES).iterdir():
        attest(record, file)
    (change,) = add_records(index, [record], LATER)
    assert (change.is_changed, change.listed.attested, change.listed.added) == (True, 5, ADDED)
    (first, *_) = json_files(index / "v1+json/abacus-runtime/index.json")
    assert first["provenance"] == f"{first['url']}.provenance"
    assert html_links(index / "simple/abacus-runtime/index.html")[0]["data-provenance"] == first["provenance"]
    provenance = json.loads((index / first["provenance"].replace("../../", "")).read_text())
    (bundle,) = provenance["attestation_bundles"]
    assert (provenance["version"], bundle["publisher"]["kind"]) == (1, "unknown")
    assert [attestation["version"] for attestation in bundle["attestations"]] == [1]
    copied = index / "releases/abacus/3.12.0" / ATTESTATIONS
    assert {path.name for path in copied.iterdir()} == {path.name for path in (record / ATTESTATIONS).iterdir()}


def test_an_attestation_for_other_bytes_is_refused(tmp_path: Path) -> None:
    record = write_release(tmp_path)
    attest(record, next((record / FILES).iterdir()), sha256="0" * 64)
    with pytest.raises(SpokeshaveError, match="is for other bytes of"):
        add_records(tmp_path / "index", [record], ADDED)
    assert not (tmp_path / "index/current").exists()


def test_a_removed_release_is_listed_no_longer_and_then_removed(tmp_path: Path) -> None:
    """A reader of the generation before still finds its files."""
    index = tmp_path / "index"
    records = [write_release(tmp_path, version) for version in ("1.0", "2.0", "3.0")]
    add_records(index, records[:2], ADDED)
    change_index(index, lambda sets: sets[1:])
    assert listed_releases(index) == ["2.0"]
    assert (index / "releases/abacus/1.0").is_dir()
    assert len(list((index / FILES).iterdir())) == 10
    add_records(index, records[2:], ADDED)
    assert not (index / "releases/abacus/1.0").exists()
    assert len(list((index / FILES).iterdir())) == 10
    change_index(index, lambda sets: sets[1:], generations=1)
    assert listed_releases(index) == ["3.0"]
    assert [path.name for path in (index / "releases/abacus").iterdir()] == ["3.0"]
    assert len(list((index / FILES).iterdir())) == 5


def test_a_file_that_another_release_lists_stays(tmp_path: Path) -> None:
    index = tmp_path / "index"
    add_records(index, [write_release(tmp_path / "first", "1.0")], ADDED)
    change_index(index, lambda _: [])
    # It has the same files, and the record of the first one is still there.
    add_records(index, [write_release(tmp_path / "second", "1.0", name="other")], ADDED)
    change_index(index, lambda sets: [replace(listed, kept="again") for listed in sets])
    assert [path.name for path in (index / "releases").iterdir()] == ["other"]
    assert listed_releases(index) == ["1.0"]


def rebuilt(folder: Path) -> Path:
    """Return another record of the version that has one file in common with the first."""
    return write_release(folder, texts={"abacus-runtime": "OTHER = 1\n"}, has_sdist=False)


def assert_nothing_is_foreign(index: Path) -> None:
    names = {file["filename"] for path in (index / "v1+json").glob("*/index.json") for file in json_files(path)}
    files = {path.name for path in (index / FILES).glob("*/*") if path.suffix in (".whl", ".gz")}
    assert files == names
    assert [path.name for path in (index / "releases/abacus").iterdir()] == ["3.12.0"]
    assert main(["index", "verify", str(index)]) == 0


def test_a_removed_release_makes_way_for_another_record(tmp_path: Path) -> None:
    """A reader of the generation before finds its files until then."""
    index = tmp_path / "index"
    add_records(index, [write_release(tmp_path / "first")], ADDED)
    old = {path.name for path in (index / FILES).glob("*/*")}
    change_index(index, lambda _: [])
    assert {path.name for path in (index / FILES).glob("*/*")} == old
    add_records(index, [rebuilt(tmp_path / "second")], LATER)
    assert listed_releases(index) == ["3.12.0"]
    assert_nothing_is_foreign(index)


@needs_system_calls
def test_what_a_kill_left_makes_way_for_another_record(tmp_path: Path) -> None:
    """Also if the addition of the other one is killed too, at four of its changes of files."""
    index = tmp_path / "index"
    first = write_release(tmp_path / "first")
    second = rebuilt(tmp_path / "second")

    def prepared() -> Callable[[], object]:
        shutil.rmtree(index, ignore_errors=True)
        index.mkdir()
        return lambda: add_records(index, [first], ADDED)

    tried = 0
    for _ in kills(prepared, index, most=8):
        # The first record counts as soon as there is a first generation: the next command finds it without its link.
        if not (index / "generations/1").exists():
            tried += 1
            for again in range(0, 80, 26):
                run_traced(lambda: add_records(index, [second], LATER), Watch((index,)), Disturbance(again))
            add_records(index, [second], LATER)
            assert listed_releases(index) == ["3.12.0"]
            assert_nothing_is_foreign(index)
    assert tried > 4


def test_what_is_foreign_does_not_make_way(tmp_path: Path) -> None:
    index = tmp_path / "index"
    add_records(index, [write_release(tmp_path, "1.0")], ADDED)
    path = index / "releases/abacus/3.12.0/notes.txt"
    path.parent.mkdir()
    path.write_text("mine")
    with pytest.raises(SpokeshaveError, match=r"notes\.txt: is not a part of an index"):
        add_records(index, [write_release(tmp_path)], ADDED)
    assert path.read_text() == "mine"


PEAK = """
import resource, sys
from pathlib import Path
from spokeshave.release.index.writer.addition import add_records
add_records(Path(sys.argv[2]), [Path(sys.argv[1])], sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of the peak differs between systems")
def test_memory_does_not_grow_with_the_index(tmp_path: Path) -> None:
    record = write_release(tmp_path, "9.0")
    peaks = []
    for sets in (5, 100):
        index = tmp_path / f"index of {sets}"
        write_large_index(index, sets)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", PEAK, str(record), str(index), ADDED]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        peaks.append(int(done.stdout))
        assert (index / "current/find-links.html").read_bytes().count(b"<a ") == sets * 100 + 5
    # In kilobytes. The largest page of the larger index has 4.5 MB.
    assert peaks[1] - peaks[0] < 3000
