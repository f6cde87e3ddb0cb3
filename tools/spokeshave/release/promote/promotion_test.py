"""Promotions of records: their bytes, what stops them, and what is left after a kill."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.integrity import verify_record
from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.release.record import InvalidRecordError, manifest_sha256
from spokeshave.testing.killing_fixtures import kills
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.promotion_fixtures import FINAL, refusal, seal_wheels
from spokeshave.testing.pypi_like_fixtures import pypi_like_of_user
from spokeshave.testing.release_fixtures import (
    COMMIT,
    COMPILER,
    RUNTIME,
    TAGS,
    VERSION,
    write_one,
    write_wheels,
)
from spokeshave.testing.system_call_fixtures import needs_system_calls
from spokeshave.upload.attempt import AttemptStatus
from spokeshave_core.outcomes import Outcome


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    return seal_wheels(folder, write_wheels(folder / "wheels"), revisions=(("llvm", "1a2b3c4"),))


@pytest.fixture
def record(sealed: Path, tmp_path: Path) -> Path:
    """Return a record that a test may change."""
    return shutil.copytree(sealed, tmp_path / "record")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_promoted_record_is_whole_and_final(sealed: Path, tmp_path: Path) -> None:
    report = promote(PromotionRequest(sealed, FINAL, tmp_path / "final"))
    before = verify_record(sealed)
    after = verify_record(tmp_path / "final")
    assert (after.name, after.version, after.channel) == ("abacus", FINAL, "stable")
    assert (after.commit, after.revisions) == (COMMIT, {"llvm": "1a2b3c4"})
    assert after.promoted_from is not None
    assert (after.promoted_from.version, after.promoted_from.untested) == (VERSION, False)
    assert after.promoted_from.manifest_sha256 == manifest_sha256(sealed)
    assert {name: project.requires for name, project in after.projects.items()} == {
        COMPILER: (f"{RUNTIME}=={FINAL}",),
        RUNTIME: (),
    }
    assert [file.payload_sha256 for file in after.files] == [file.payload_sha256 for file in before.files]
    assert [file.source and (file.source.name, file.source.sha256) for file in after.files] == [
        (file.name, file.sha256) for file in before.files
    ]
    assert report.manifest_sha256 == manifest_sha256(tmp_path / "final")
    assert len(report.wheels) == 2 * len(TAGS)


def test_tests_of_the_candidate_count_for_its_payload(sealed: Path, tmp_path: Path) -> None:
    promote(PromotionRequest(sealed, FINAL, tmp_path / "final"))
    for file in verify_record(tmp_path / "final").files:
        assert [(test.of.value, test.outcome) for test in file.tested] == [("payload", Outcome.PASSED)]
    assert {path.name for path in (tmp_path / "final" / "reports").iterdir()} == {
        path.name for path in (sealed / "reports").iterdir()
    }


def test_attestations_of_the_candidate_are_not_copied(record: Path, tmp_path: Path) -> None:
    (record / "attestations").mkdir()
    name = verify_record(record).files[0].name
    (record / "attestations" / f"{name}.publish.attestation").write_text("{}")
    promote(PromotionRequest(record, FINAL, tmp_path / "final"))
    assert not (tmp_path / "final" / "attestations").exists()


def test_no_file_names_the_candidate_afterwards(sealed: Path, tmp_path: Path) -> None:
    promote(PromotionRequest(sealed, FINAL, tmp_path / "final"))
    for wheel in (tmp_path / "final" / "files").iterdir():
        with zipfile.ZipFile(wheel) as archive:
            assert not [name for name in archive.namelist() if VERSION in name]
            assert not [name for name in archive.namelist() if VERSION.encode() in archive.read(name)]


PROMOTE = "from spokeshave.cli import main; import os, sys; os.umask(int(sys.argv[1], 8)); sys.exit(main(sys.argv[2:]))"


def test_the_bytes_depend_on_the_record_alone(sealed: Path, record: Path, tmp_path: Path) -> None:
    """Another path, user's mask, time zone, locale, order of hashes, and day (of the files) give the same bytes."""
    promote(PromotionRequest(sealed, FINAL, tmp_path / "final"))
    for path in record.rglob("*"):
        os.utime(path, (1e9, 1e9))
    other = tmp_path / "another path" / "ü"
    arguments = ["release", "promote", str(record), "--version", "v3.12.0", "--output", str(other)]
    changes = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONUTF8": "1", "COLUMNS": "40"}
    environment = {**os.environ, **changes, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run(
        [sys.executable, "-c", PROMOTE, "077", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert contents(tmp_path / "final") == contents(other)


def test_a_promotion_that_exists_already_is_kept(sealed: Path, tmp_path: Path) -> None:
    request = PromotionRequest(sealed, FINAL, tmp_path / "final")
    assert promote(request) == promote(request)


def test_another_record_is_never_replaced(sealed: Path, tmp_path: Path) -> None:
    promote(PromotionRequest(sealed, "3.12.0rc20260822", tmp_path / "final"))
    before = contents(tmp_path / "final")
    with pytest.raises(InvalidRecordError, match="other content"):
        promote(PromotionRequest(sealed, FINAL, tmp_path / "final"))
    assert contents(tmp_path / "final") == before


@pytest.mark.parametrize(("version", "channel"), [("3.12.0rc20260821.post1", "rc"), ("3.12.0.post1", "stable")])
def test_later_versions_of_the_same_base_are_possible(sealed: Path, tmp_path: Path, version: str, channel: str) -> None:
    promote(PromotionRequest(sealed, version, tmp_path / "next"))
    assert (verify_record(tmp_path / "next").version, verify_record(tmp_path / "next").channel) == (version, channel)


def test_promotions_in_a_row_give_the_bytes_of_one(sealed: Path, tmp_path: Path) -> None:
    promote(PromotionRequest(sealed, "3.12.0rc20260822", tmp_path / "next"))
    promote(PromotionRequest(tmp_path / "next", FINAL, tmp_path / "final"))
    promote(PromotionRequest(sealed, FINAL, tmp_path / "direct"))
    assert contents(tmp_path / "final" / "files") == contents(tmp_path / "direct" / "files")


def test_a_planted_version_is_refused_with_member_and_offset(tmp_path: Path) -> None:
    planted = f"NAME = 'abacus'\nBUILD = '{VERSION}'\n"
    wheels = [
        write_one(tmp_path / "wheels", RUNTIME, TAGS[0], extra=planted),
        write_one(tmp_path / "wheels", COMPILER, TAGS[0], extra="TAG = 'rc20260821'\n"),
    ]
    refused = refusal(PromotionRequest(seal_wheels(tmp_path, wheels), FINAL, tmp_path / "final"))
    with zipfile.ZipFile(wheels[0]) as archive:
        offset = archive.read("abacus_runtime/__init__.py").index(VERSION.encode())
    assert f"{wheels[0].name}: abacus_runtime/__init__.py: holds {VERSION} at offset {offset}" in refused
    assert f"{wheels[1].name}: abacus_compiler/__init__.py: holds rc20260821 at offset" in refused
    assert "--rewrite-text abacus_runtime/__init__.py" in refused


@pytest.mark.parametrize("versions", [(VERSION, FINAL), (FINAL,)])
def test_a_wheel_that_would_differ_in_more_is_refused(tmp_path: Path, versions: tuple[str, ...]) -> None:
    """Its SBOM names its final version already, so that afterwards nobody knows which of the two was the candidate."""
    components = [{"name": "demo", "version": version} for version in versions]
    files: dict[str, bytes | str | Path] = {"dist-info/sboms/demo.json": json.dumps({"components": components})}
    wheel = build_wheel(tmp_path / "wheels", files, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True)
    member = f"demo-{VERSION}.dist-info/sboms/demo.json"
    assert f"{wheel.name}: {member}: differs in more than its version from demo-3.12.0-" in refusal(request)


def test_a_pin_to_the_final_version_is_refused_by_its_line(tmp_path: Path) -> None:
    lines = f"Summary: a\nRequires-Dist: base=={FINAL}\n"
    wheel = build_wheel(tmp_path / "wheels", {}, version=VERSION, metadata_lines=lines)
    build_wheel(tmp_path / "wheels", {}, version=VERSION, name="base")
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", name="demo", untested=True)
    refused = refusal(request)
    assert (
        f"{wheel.name}: demo-{VERSION}.dist-info/METADATA: differs in more than its version from demo-3.12.0-"
        in refused
    )
    assert f", in line 5: Requires-Dist: base=={FINAL}\n" in refused


@pytest.mark.parametrize("requirement", ["foo (>=1.0.*)", f"base=={VERSION};\n python_version > '3'"])
def test_requirements_of_other_backends_are_promoted(tmp_path: Path, requirement: str) -> None:
    lines = f"Requires-Dist: {requirement}\n"
    folder = build_wheel(tmp_path / "wheels", {}, version=VERSION, metadata_lines=lines).parent
    build_wheel(folder, {}, version=VERSION, name="base")
    report = promote(PromotionRequest(folder, FINAL, tmp_path / "final", name="demo", untested=True))
    assert len(report.wheels) == 2


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    wheels = [
        write_one(tmp_path / "wheels", RUNTIME, TAGS[0], extra=f"BUILD = '{VERSION}'\n"),
        write_one(tmp_path / "wheels", COMPILER, TAGS[0], extra=f"BUILD = '{VERSION}'\n"),
    ]
    record = seal_wheels(tmp_path, wheels, [])
    refused = refusal(PromotionRequest(record, "3.11.0", tmp_path / "final", rewrite=("nothing/*",), keep=("absent",)))
    for part in (
        "--version 3.11.0",
        "was not tested",
        "--rewrite-text nothing/*: matches no file",
        "--keep-text absent: matches no file",
        "holds 3.12.0rc",
    ):
        assert part in refused
    assert refused.count("was not tested") == refused.count("holds 3.12.0rc") == 2


def test_all_wheels_that_cannot_be_stamped_are_reported(tmp_path: Path) -> None:
    build_wheel(tmp_path / "wheels", {"demo.py": ""}, version=VERSION, name="good")
    for name in ("sealed", "signed"):
        build_wheel(tmp_path / "wheels", {"demo.py": "", "dist-info/RECORD.jws": "{}"}, version=VERSION, name=name)
    request = PromotionRequest(tmp_path / "wheels", FINAL, tmp_path / "final", name="demo", untested=True)
    refused = [line.split("-")[0] for line in refusal(request).splitlines() if "is a signature" in line]
    assert refused == ["sealed", "signed"]


def publish(wheels: Sequence[Path], to: str) -> None:
    with open_destination(to, DestinationOptions()) as destination:
        assert {destination.send(wheel).status for wheel in wheels} == {AttemptStatus.STORED}
        destination.commit(wheels[0].parent)


def test_other_bytes_at_the_destination_are_refused(sealed: Path, tmp_path: Path) -> None:
    """The release of another candidate was put there, for one of the two platforms."""
    to = f"folder:{tmp_path / 'published'}"
    folder = tmp_path / "other"
    others = [write_one(folder, name, TAGS[1], version=FINAL, extra="# other\n") for name in (RUNTIME, COMPILER)]
    publish(others, to)
    arguments = ["release", "promote", str(sealed), "--version", FINAL, "--to", to]
    report = tmp_path / "report.json"
    assert main([*arguments, "--output", str(tmp_path / "final"), "--report", str(report)]) == 1
    problems = json.loads(report.read_text())["problems"]
    assert sorted(problem["place"] for problem in problems) == sorted(wheel.name for wheel in others)
    assert all("exists with other bytes on folder:" in problem["message"] for problem in problems)
    assert not (tmp_path / "final").exists()


def test_the_same_bytes_at_the_destination_are_accepted(sealed: Path, tmp_path: Path) -> None:
    """A publication that was cut off continues anywhere, since the promotion gives the same bytes."""
    promote(PromotionRequest(sealed, FINAL, tmp_path / "first"))
    to = f"folder:{tmp_path / 'published'}"
    publish([next((tmp_path / "first" / "files").iterdir())], to)
    with open_destination(to, DestinationOptions()) as destination:
        promote(PromotionRequest(sealed, FINAL, tmp_path / "second", to=destination))
    assert contents(tmp_path / "second") == contents(tmp_path / "first")


def test_other_bytes_on_an_index_are_refused(sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = write_one(tmp_path / "other", RUNTIME, TAGS[0], version=FINAL, extra="# other\n")
    with pypi_like_of_user(tmp_path, monkeypatch) as server:
        publish([other], server.upload_url)
        with open_destination(server.upload_url, DestinationOptions()) as index:
            request = PromotionRequest(sealed, FINAL, tmp_path / "final", to=index)
            assert f"{other.name}: exists with other bytes on" in refusal(request)


@needs_system_calls
def test_a_kill_leaves_no_record_or_a_whole_one(tmp_path: Path) -> None:
    """Any promotion to the same folder then removes what is left."""
    record = seal_wheels(tmp_path, write_wheels(tmp_path / "wheels", tags=TAGS[:1]))
    promote(PromotionRequest(record, FINAL, tmp_path / "whole"))
    whole = contents(tmp_path / "whole")
    folder = tmp_path / "run"

    def prepared() -> Callable[[], object]:
        shutil.rmtree(folder, ignore_errors=True)
        return lambda: promote(PromotionRequest(record, FINAL, folder / "final"))

    outcomes = set()
    for _ in kills(prepared, folder):
        outcomes.add((folder / "final").exists())
        assert not (folder / "final").exists() or contents(folder / "final") == whole
        promote(PromotionRequest(record, FINAL, folder / "final"))
        assert contents(folder / "final") == whole
        assert [path.name for path in folder.iterdir()] == ["final"]
    assert False in outcomes
