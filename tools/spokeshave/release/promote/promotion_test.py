"""Promotions of records, of folders of wheels, and each that is refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from spokeshave.cli import main
from spokeshave.release.destination.choice import DestinationOptions, open_destination
from spokeshave.release.integrity import verify_record
from spokeshave.release.promote.promotion import PromotionRequest, promote
from spokeshave.release.record import InvalidRecordError, file_path, manifest_sha256
from spokeshave.release.seal.seal import SealRequest, seal
from spokeshave.testing.native_fixtures import build_wheel
from spokeshave.testing.pypi_like_fixtures import pypi_like
from spokeshave.testing.release_fixtures import (
    COMMIT,
    COMPILER,
    RUNTIME,
    TAGS,
    VERSION,
    write_one,
    write_reports,
    write_wheels,
)
from spokeshave.upload.attempt import AttemptStatus
from spokeshave.wheel.record import content_fault, parse_record
from spokeshave.wheel.version_facts import VersionFacts
from spokeshave_core.outcomes import Outcome
from spokeshave_core.problems import SpokeshaveError

FINAL = "3.12.0"


def seal_wheels(folder: Path, wheels: Iterable[Path], tested: Iterable[Path] | None = None) -> Path:
    """Seal wheels, all of which are tested by default, and return the record."""
    given = tuple(wheels)
    write_reports(folder / "reports", given if tested is None else tested)
    output = folder / "rc" / VERSION
    request = SealRequest(
        name="abacus",
        facts=VersionFacts(version=VERSION, channel="rc", commit=COMMIT, revisions=(("llvm", "1a2b3c4"),)),
        wheels=given,
        reports=(folder / "reports",),
        output=output,
    )
    seal(request)
    return output


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    return seal_wheels(folder, write_wheels(folder / "wheels"))


@pytest.fixture
def record(sealed: Path, tmp_path: Path) -> Path:
    """Return a record that a test may change."""
    return shutil.copytree(sealed, tmp_path / "record")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def record_faults(wheel: Path, folder: Path) -> list[str]:
    """Return the files of a wheel that contradict its RECORD."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
        entries = parse_record(archive.read(name), name)
    faults = {path: content_fault(entry, folder / path) for path, entry in entries.items() if path != name}
    return [f"{path}: {fault}" for path, fault in faults.items() if fault]


def refusal(request: PromotionRequest) -> str:
    """Return the error of a promotion, after which nothing exists."""
    with pytest.raises(SpokeshaveError) as error:
        promote(request)
    assert not request.output.exists()
    assert [path for path in request.output.parent.glob(".*") if path.is_dir()] == []
    return str(error.value)


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


@pytest.mark.parametrize("version", ["3.13.0", "3.11.0", "3.12.1", VERSION, "3.12.0rc20260820", "3.12.0.dev5"])
def test_a_version_of_another_base_or_an_older_one_is_refused(sealed: Path, tmp_path: Path, version: str) -> None:
    told = refusal(PromotionRequest(sealed, version, tmp_path / "final"))
    assert f"--version {version}: is not the final release of {VERSION}" in told
    assert "Give --version 3.12.0." in told


def test_another_base_is_possible_if_the_user_says_so(sealed: Path, tmp_path: Path) -> None:
    promote(PromotionRequest(sealed, "3.13.0", tmp_path / "final", anyway=True))
    assert verify_record(tmp_path / "final").version == "3.13.0"


def test_zeros_at_the_end_of_the_new_version_do_not_matter(sealed: Path, tmp_path: Path) -> None:
    assert promote(PromotionRequest(sealed, "3.12", tmp_path / "final")).version == "3.12"


def test_a_final_record_is_refused(sealed: Path, tmp_path: Path) -> None:
    promote(PromotionRequest(sealed, FINAL, tmp_path / "final"))
    request = PromotionRequest(tmp_path / "final", "3.12.1", tmp_path / "again", anyway=True)
    assert "has the version 3.12.0, which is not a pre-release" in refusal(request)


def test_a_text_that_is_not_a_version_is_refused(sealed: Path, tmp_path: Path) -> None:
    assert "--version final: is not a PEP 440 version" in refusal(PromotionRequest(sealed, "final", tmp_path / "x"))


def test_an_untested_platform_is_refused(tmp_path: Path) -> None:
    wheels = write_wheels(tmp_path / "wheels")
    untested = [wheel for wheel in wheels if wheel.name.endswith("win_amd64.whl")]
    record = seal_wheels(tmp_path, wheels, [wheel for wheel in wheels if wheel not in untested])
    refused = refusal(PromotionRequest(record, FINAL, tmp_path / "final"))
    assert [line.split(":")[0] for line in refused.splitlines() if "was not tested" in line] == sorted(
        wheel.name for wheel in untested
    )
    report = promote(PromotionRequest(record, FINAL, tmp_path / "final", untested=True))
    promoted = verify_record(tmp_path / "final")
    assert promoted.promoted_from is not None
    assert (report.untested, promoted.promoted_from.untested) == (True, True)
    assert sum(not file.tested for file in promoted.files) == len(untested)


def test_a_changed_file_is_refused(record: Path, tmp_path: Path) -> None:
    wheel = next((record / "files").iterdir())
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    assert f"{wheel}: was changed after it was sealed" in refusal(PromotionRequest(record, FINAL, tmp_path / "final"))


def test_a_missing_file_is_refused(record: Path, tmp_path: Path) -> None:
    wheel = next((record / "files").iterdir())
    wheel.unlink()
    request = PromotionRequest(record, FINAL, tmp_path / "final", untested=True, anyway=True)
    assert f"{wheel}: is part of the sealed record, but does not exist" in refusal(request)


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
    assert [line for line in refused.splitlines() if not line.startswith(" ")] == [
        line for line in refused.splitlines() if not line.startswith(" ")
    ]
    for part in (
        "--version 3.11.0",
        "was not tested",
        "--rewrite-text nothing/*: matches no file",
        "--keep-text absent: matches no file",
        "holds 3.12.0rc",
    ):
        assert part in refused
    assert refused.count("was not tested") == refused.count("holds 3.12.0rc") == 2


def test_rewritten_texts_follow_and_tests_do_not_count(tmp_path: Path) -> None:
    text = f"B = '{VERSION}'\nT = (3, 12, 0, 'rc20260821')\nS = 'rc20260821'\n"
    record = seal_wheels(tmp_path, [write_one(tmp_path / "wheels", RUNTIME, TAGS[0], extra=text)])
    request = PromotionRequest(record, FINAL, tmp_path / "final", rewrite=("abacus_runtime/*.py",))
    assert "has rewritten texts (abacus_runtime/__init__.py), so that its smoke tests do not count" in refusal(request)
    report = promote(PromotionRequest(record, FINAL, tmp_path / "final", rewrite=request.rewrite, untested=True))
    promoted = verify_record(tmp_path / "final")
    assert report.wheels[0].rewritten == ("abacus_runtime/__init__.py",)
    assert promoted.files[0].tested == ()
    assert promoted.promoted_from is not None
    assert (promoted.promoted_from.untested, promoted.promoted_from.rewritten) == (True, request.rewrite)
    wheel = file_path(tmp_path / "final", promoted.files[0].name)
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("abacus_runtime/__init__.py").decode()
    assert text.endswith("B = '3.12.0'\nT = (3, 12, 0)\nS = ''\n")
    assert record_faults(wheel, tmp_path / "unpacked") == []


def test_history_may_be_kept(tmp_path: Path) -> None:
    files: dict[str, bytes | str | Path] = {
        "demo/CHANGES.md": "## 3.12.0rc1\n",
        "demo/core.bin": b"\0\0" + VERSION.encode() + b"\0",
    }
    wheel = build_wheel(tmp_path / "wheels", {**files, "demo/v.py": ""}, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True, keep=("demo/*",))
    refused = refusal(request)
    assert "demo/core.bin: holds" in refused
    assert "CHANGES" not in refused
    wheel = build_wheel(tmp_path / "wheels", {"demo/CHANGES.md": files["demo/CHANGES.md"]}, version=VERSION)
    assert promote(request).wheels[0].kept == ("demo/CHANGES.md",)
    promoted = verify_record(tmp_path / "final").promoted_from
    assert promoted is not None
    assert (promoted.kept, promoted.rewritten) == (("demo/*",), ())


def test_a_binary_file_is_not_rewritten(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "wheels", {"demo/a.bin": b"\0\xff" + VERSION.encode()}, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", rewrite=("demo/*",), untested=True)
    refused = refusal(request)
    assert "demo/a.bin: is not UTF-8 text" in refused
    assert "demo/a.bin: holds 3.12.0rc20260821 at offset 2" in refused


def test_metadata_follows_if_it_is_named(tmp_path: Path) -> None:
    text = f"Requires-Dist: helper=={VERSION}\n\nThis is {VERSION}.\n"
    wheel = build_wheel(tmp_path / "wheels", {}, version=VERSION, metadata_lines=text)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True)
    assert f"METADATA: holds {VERSION} at offset" in refusal(request)
    promote(PromotionRequest(wheel.parent, FINAL, request.output, untested=True, rewrite=("*.dist-info/METADATA",)))
    with zipfile.ZipFile(next((request.output / "files").iterdir())) as archive:
        metadata = archive.read("demo-3.12.0.dist-info/METADATA").decode()
    assert metadata.endswith("Requires-Dist: helper==3.12.0\n\nThis is 3.12.0.\n")


def test_a_folder_of_wheels_needs_the_users_word(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "wheels", {}, version=VERSION)
    assert "is not a release record" in refusal(PromotionRequest(wheel.parent, FINAL, tmp_path / "final"))
    report = promote(PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True))
    promoted = verify_record(tmp_path / "final")
    assert report.untested
    assert promoted.promoted_from is not None
    assert (promoted.name, promoted.promoted_from.untested, promoted.promoted_from.manifest_sha256) == (
        "demo",
        True,
        None,
    )


def test_finals_of_a_folder_may_not_name_a_candidate(tmp_path: Path) -> None:
    """What IREE's finals do: their METADATA is final, their version module is not."""
    files = {"iree/version.py": f'VERSION = "{VERSION}"\n'}
    wheel = build_wheel(tmp_path / "wheels", files, version=FINAL, name="iree")
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True)
    assert f"iree/version.py: holds {VERSION} at offset 11" in refusal(request)
    promote(PromotionRequest(wheel.parent, FINAL, request.output, untested=True, rewrite=("iree/version.py",)))
    with zipfile.ZipFile(next((request.output / "files").iterdir())) as archive:
        assert archive.read("iree/version.py") == b'VERSION = "3.12.0"\n'


Prepare = Callable[[Path], None]


def two_versions(folder: Path) -> None:
    build_wheel(folder, {}, version=VERSION)
    build_wheel(folder, {}, version=FINAL, name="other")


def with_sdist(folder: Path) -> None:
    build_wheel(folder, {}, version=VERSION)
    (folder / f"demo-{VERSION}.tar.gz").write_bytes(b"")


def two_projects(folder: Path) -> None:
    build_wheel(folder, {}, version=VERSION)
    build_wheel(folder, {}, version=VERSION, name="other")


def signed(folder: Path) -> None:
    build_wheel(folder, {"dist-info/RECORD.jws": "{}"}, version=VERSION)


def damaged(folder: Path) -> None:
    (folder / f"demo-{VERSION}-py3-none-any.whl").write_bytes(b"PK")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda _: None, "contains no wheel"),
        (two_versions, "has wheels of the versions 3.12.0rc20260821, 3.12.0"),
        (with_sdist, f"demo-{VERSION}.tar.gz: cannot be promoted"),
        (two_projects, "has wheels of demo, other, and no record that names the release"),
        (signed, "is a signature, which stamping would invalidate"),
        (damaged, "cannot be read as a zip archive"),
    ],
    ids=["empty", "versions", "sdist", "projects", "signed", "damaged"],
)
def test_a_folder_that_is_not_a_release_is_refused(tmp_path: Path, prepare: Prepare, message: str) -> None:
    (tmp_path / "wheels").mkdir()
    prepare(tmp_path / "wheels")
    assert message in refusal(PromotionRequest(tmp_path / "wheels", FINAL, tmp_path / "final", untested=True))


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    request = PromotionRequest(tmp_path / "nothing", FINAL, tmp_path / "final", untested=True)
    assert "nothing: is not a folder" in refusal(request)


def test_a_name_joins_several_projects(tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    two_projects(tmp_path / "wheels")
    request = PromotionRequest(tmp_path / "wheels", FINAL, tmp_path / "final", untested=True, name="set")
    promote(request)
    assert verify_record(tmp_path / "final").name == "set"


def test_a_name_of_another_release_is_refused(sealed: Path, tmp_path: Path) -> None:
    assert "--name other: is not the name of" in refusal(PromotionRequest(sealed, FINAL, tmp_path / "x", name="other"))
    wheel = build_wheel(tmp_path / "wheels", {}, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "x", name="a.b", untested=True)
    assert "--name a.b: is not the name of a release" in refusal(request)


def publish(wheels: Iterable[Path], to: str) -> None:
    with open_destination(to, DestinationOptions()) as destination:
        assert {destination.send(wheel).status for wheel in wheels} == {AttemptStatus.STORED}
        destination.commit()


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
    monkeypatch.setenv("HOME", str(tmp_path))
    with pypi_like(tmp_path / "pypi") as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        publish([other], server.upload_url)
        with open_destination(server.upload_url, DestinationOptions()) as index:
            request = PromotionRequest(sealed, FINAL, tmp_path / "final", to=index)
            assert f"{other.name}: exists with other bytes on" in refusal(request)


def test_a_destination_that_does_not_exist_is_refused(sealed: Path, tmp_path: Path) -> None:
    arguments = ["release", "promote", str(sealed), "--version", FINAL, "--output", str(tmp_path / "final")]
    assert main([*arguments, "--to", "nowhere", "--report", str(tmp_path / "report.json")]) == 1
    (problem,) = json.loads((tmp_path / "report.json").read_text())["problems"]
    assert "'nowhere' is not a destination" in problem["message"]
    assert not (tmp_path / "final").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no SIGKILL")
def test_a_kill_leaves_no_record_or_a_whole_one(tmp_path: Path) -> None:
    """The process is killed at each of its accesses to the output's folder, one after the other."""
    record = seal_wheels(tmp_path, write_wheels(tmp_path / "wheels", tags=TAGS[:1]))
    promote(PromotionRequest(record, FINAL, tmp_path / "whole"))
    whole = contents(tmp_path / "whole")
    outcomes = []
    for count in range(1, 1000):
        folder = tmp_path / f"run{count}"
        folder.mkdir()
        killed = killed_at(PromotionRequest(record, FINAL, folder / "final"), folder, count)
        outcomes.append((folder / "final").exists())
        assert not outcomes[-1] or contents(folder / "final") == whole
        if not killed:
            break
        if count % 8 == 0:
            promote(PromotionRequest(record, FINAL, folder / "final"))
            assert contents(folder / "final") == whole
        shutil.rmtree(folder)
    assert len(outcomes) > 20
    assert (outcomes[0], outcomes[-2], outcomes[-1]) == (False, True, True)


def killed_at(request: PromotionRequest, folder: Path, count: int) -> bool:
    """Promote in a process that is killed at the given access to a folder. Return whether it came to that."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL
    left = [count]

    def kill(_: str, arguments: tuple[object, ...]) -> None:
        if arguments and str(folder) in str(arguments[0]):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(kill)
        promote(request)
        os._exit(0)
    finally:
        os._exit(1)


def test_the_command_prints_and_reports_what_it_did(
    sealed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["release", "promote", str(sealed), "--version", FINAL, "--output", str(tmp_path / "final")]
    assert main([*arguments, "--report", str(tmp_path / "report.json")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{VERSION} -> 3.12.0: 6 wheels, written to {tmp_path / 'final'}\n")
    assert printed.count("1 passed test of its payload") == 6
    assert "UNTESTED" not in printed
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["version"], report["promoted_from"], len(report["wheels"])) == (FINAL, VERSION, 6)


def test_the_command_says_aloud_what_is_untested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"demo/v.py": f"V = '{VERSION}'\n", "demo/history": "3.12.0rc1"}
    wheel = build_wheel(tmp_path / "wheels", files, version=VERSION)
    arguments = ["release", "promote", str(wheel.parent), "--version", FINAL, "--output", str(tmp_path / "final")]
    assert main(arguments) == 1
    texts = ["--rewrite-text", "demo/v.py", "--keep-text", "demo/history"]
    assert main([*arguments, "--untested", *texts]) == 0
    printed = capsys.readouterr().out
    for part in ("UNTESTED", "rewritten: demo/v.py", "still naming pre-releases: demo/history"):
        assert part in printed
    assert main(["release", "show", str(tmp_path / "final")]) == 0
    shown = f"{VERSION}, untested, with rewritten texts (demo/v.py), with texts that name candidates (demo/history)"
    assert f"promoted from: {shown}" in capsys.readouterr().out


def test_the_command_lists_packed_files_that_it_cannot_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = build_wheel(tmp_path / "wheels", {"demo/a.zst": b"\x28\xb5\x2f\xfd packed"}, version=VERSION).parent
    output = tmp_path / "final"
    arguments = [str(folder), "--untested", "--version", FINAL, "--output", str(output), "--report", f"{output}.json"]
    assert main(["release", "promote", *arguments]) == 0
    listed = "demo/a.zst (cannot be unpacked: its format is zstd)"
    assert f"not searched for {VERSION}: {listed}\n" in capsys.readouterr().out
    assert json.loads(Path(f"{output}.json").read_text())["wheels"][0]["unsearched"] == [listed]


def test_a_binary_file_cannot_be_kept(tmp_path: Path) -> None:
    """Around the old version it looks like a text."""
    data = f"{'text ' * 20}{VERSION}{' text' * 20}".encode() + b"\0"
    wheel = build_wheel(tmp_path / "wheels", {"demo/a.so": data}, version=VERSION)
    request = PromotionRequest(wheel.parent, FINAL, tmp_path / "final", untested=True, keep=("demo/a.so",))
    assert "demo/a.so: holds" in refusal(request)


def test_the_command_reports_every_problem(sealed: Path, tmp_path: Path) -> None:
    arguments = ["release", "promote", str(sealed), "--version", "3.13.0", "--output", str(tmp_path / "final")]
    assert main([*arguments, "--report", str(tmp_path / "report.json")]) == 1
    problems = json.loads((tmp_path / "report.json").read_text())["problems"]
    assert [problem["place"] for problem in problems] == ["--version 3.13.0"]
