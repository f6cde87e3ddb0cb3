from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from spokeshave.release.index.folder import CURRENT, GENERATIONS, SETS, set_line
from spokeshave.release.nightly.known import KnownSet, installs_the_same, newest, sets_of_index, sets_of_records
from spokeshave.release.record import manifest_sha256
from spokeshave.testing.nightly_fixtures import record_of, write_manifest
from spokeshave_core.release.index import IndexedSet


def test_records_of_a_release_are_known(tmp_path: Path) -> None:
    folder = write_manifest(tmp_path, record_of("3.12.0rc20261130.post1", "ab" * 20))
    write_manifest(tmp_path, record_of("1.0", name="other"))
    (tmp_path / "pair/broken").mkdir()
    (tmp_path / "pair/broken/release.json").write_text("{")
    (known,) = sets_of_records(tmp_path, "pair")
    assert known == KnownSet(
        version="3.12.0rc20261130.post1",
        channel="nightly",
        commit="ab" * 20,
        record=folder,
        manifest_sha256=manifest_sha256(folder),
    )
    assert (known.day, known.number) == ("20261130", 1)


def test_a_damaged_record_has_a_version(tmp_path: Path) -> None:
    for version, file in (("1.0", "release.json"), ("2.0", "state")):
        (tmp_path / "pair" / version).mkdir(parents=True)
        (tmp_path / "pair" / version / file).write_text("{")
    (tmp_path / "pair/3.0").mkdir()
    (tmp_path / "pair/4.0").write_text("")
    found = list(sets_of_records(tmp_path, "pair"))
    assert [(each.version, each.commit, each.is_complete) for each in found] == [
        ("1.0", None, False),
        ("2.0", None, False),
    ]


def test_versions_without_a_date() -> None:
    for version in ("3.12.0", "3.12.0rc1", "3.12.0.post3"):
        assert KnownSet(version=version, channel=None, commit=None, record=Path()).day is None


def test_sets_of_an_index_are_known(tmp_path: Path) -> None:
    assert list(sets_of_index(tmp_path / "none", "pair")) == []
    generation = tmp_path / GENERATIONS / "1"
    generation.mkdir(parents=True)
    sets = [
        IndexedSet(
            name=name,
            version=version,
            channel="nightly",
            commit="ab" * 20,
            manifest_sha256="0" * 64,
            added="2026-11-30T01:02:03.000000Z",
            projects=(name,),
            files=1,
            size=1,
            only=only,
        )
        for name, version, only in (("pair", "3.12.0rc2", ()), ("pair", "3.12.0rc10", ("*win*",)), ("other", "9", ()))
    ]
    (generation / SETS).write_text("".join(map(set_line, sets)), "utf-8")
    (tmp_path / CURRENT).symlink_to(generation.relative_to(tmp_path))
    found = list(sets_of_index(tmp_path, "pair"))
    assert [(each.version, each.is_complete) for each in found] == [("3.12.0rc2", True), ("3.12.0rc10", False)]
    last = newest(found)
    assert last is not None
    assert last.version == "3.12.0rc10"


def test_releases_with_the_same_payloads_install_the_same() -> None:
    first = record_of("3.12.0rc20261129")
    assert installs_the_same(record_of("3.12.0rc20261130"), first)
    assert not installs_the_same(record_of("3.12.0rc20261130", payload="b"), first)
    fewer = replace(first, files=())
    assert not installs_the_same(first, fewer)
    assert not installs_the_same(fewer, first)
    assert not installs_the_same(fewer, fewer)


def test_a_file_without_a_payload_may_differ() -> None:
    record = record_of("1.0")
    sdist = replace(record.files[0], name="pair-1.0.tar.gz", payload_sha256=None)
    record = replace(record, files=(*record.files, sdist))
    assert not installs_the_same(record, record)
